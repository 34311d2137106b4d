#include "hls/ledger_writer.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "hls/ledger_reader.hpp"
#include "hls/ledger_shelf.hpp"
#include "os/file.hpp"
#include "unit/hls/writer_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
using namespace sluice::hls::test;
namespace fs = std::filesystem;

namespace {

void feed(const std::string& directory, const std::vector<Frame>& frames, bool ended,
          WriterSettings settings = quick(), const std::function<void(const LedgerIndex&)>& look = {}) {
  Result<LedgerWriter> writer = LedgerWriter::open(directory, std::move(settings));
  REQUIRE(writer);
  if (!writer->index().header()) {
    LedgerHeader header = plan_lengths(seconds(2), milliseconds(500), tracks());
    header.stream = StreamId(fs::path(directory).filename().string()), header.channel = "alice";
    REQUIRE(writer->begin(header));
  }
  Operations operations;
  Segmenter segmenter(writer->index(), {tracks(), false, {}}, operations);
  const auto write = [&] {
    for (Operation& operation : operations) {
      REQUIRE(writer->write(operation));
      if (look) look(writer->index());
    }
    operations.clear();
  };
  write();
  for (const Frame& frame : frames) {
    segmenter.push(packet_of(frame), operations);
    write();
  }
  segmenter.finish(ended, operations);
  write();
  if (ended) REQUIRE(writer->end());
}

}  // namespace

TEST_CASE("what is written is read back, byte for byte") {
  const Folder folder;
  feed(folder.ledger(), stream(), true);
  CHECK(frames_on_disk(folder.ledger(), "source") == count_up(200));
  CHECK(frames_on_disk(folder.ledger(), "audio") == count_up(312));
  CHECK(LedgerWriter::open(folder.ledger(), quick()).error().code == Errc::exists);
}

TEST_CASE("an index torn at any byte of its tail, with media behind it, is mended and gone on from") {
  const Folder folder;
  feed(folder.ledger("whole"), stream(), true);
  const std::string index = *os::read_file(folder.ledger("whole") + "/index");
  const std::size_t tail = index.size() > 700 ? index.size() - 700 : 0;
  for (std::size_t cut = tail; cut < index.size(); ++cut) {
    const std::string torn = folder.ledger("torn");
    fs::remove_all(torn);
    fs::copy(folder.ledger("whole"), torn, fs::copy_options::recursive);
    fs::resize_file(torn + "/index", cut);
    feed(torn, stream(), true);
    INFO("cut at " << cut);
    CHECK(frames_on_disk(torn, "source") == count_up(200));
    CHECK(frames_on_disk(torn, "audio") == count_up(312));
  }
}

TEST_CASE("garbage behind the index and a line with a flipped bit end belief there") {
  const Folder folder;
  const auto frames = stream();
  feed(folder.ledger(), {frames.begin(), frames.begin() + 400}, false);
  std::string index = *os::read_file(folder.ledger() + "/index");
  SECTION("zeros, as a file system leaves them") {
    index += std::string(300, '\0') + "\n";
  }
  SECTION("a flipped bit") {
    index[index.rfind("\nP ") + 12] ^= 1;
  }
  std::ofstream(folder.ledger() + "/index", std::ios::binary) << index;
  feed(folder.ledger(), frames, true);
  CHECK(frames_on_disk(folder.ledger(), "source") == count_up(200));
  CHECK(frames_on_disk(folder.ledger(), "audio") == count_up(312));
}

TEST_CASE("after a power loss a line whose media is not there is not believed") {
  const Folder folder;
  const auto frames = stream();
  feed(folder.ledger(), {frames.begin(), frames.begin() + 400}, false);
  fs::resize_file(folder.ledger() + "/source/2.m4s", 10);
  feed(folder.ledger(), frames, true);
  CHECK(frames_on_disk(folder.ledger(), "source") == count_up(200));
  CHECK(frames_on_disk(folder.ledger(), "audio") == count_up(312));
}

TEST_CASE("after a power loss, media of which blocks are zeros is not believed") {
  const Folder folder;
  auto frames = stream();
  const auto fed = frames.begin() + 440;
  Result<LedgerWriter> writer = begun(folder);
  Operations operations;
  {
    // Pictures of some blocks each.
    Segmenter segmenter(writer->index(), {tracks(), false, {}}, operations);
    for (auto frame = frames.begin(); frame != fed; ++frame) {
      media::Packet packet = packet_of(*frame);
      auto large = std::make_shared<Bytes>(frame->track == 0 ? 3000 : 100, std::byte{0x55});
      std::ranges::copy(packet.data, large->begin());
      packet.data = *large, packet.owner = large;
      segmenter.push(std::move(packet), operations);
    }
    for (Operation& operation : operations) REQUIRE(writer->write(operation));
  }
  const Rendition source = *writer->index().find("source");
  writer = fail(Errc::internal, "closed");
  const std::string path = folder.ledger() + "/source/" + std::to_string(source.last.msn) + ".m4s";
  const auto zero = [&](std::uint64_t from, std::uint64_t to) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(from));
    file << std::string(to - from, '\0');
  };
  const std::uint64_t end = source.last.offset + source.last.bytes;
  REQUIRE(source.last.bytes > 4 * 4096);
  std::uint32_t left = source.last.part;  // of the segment's parts
  SECTION("nothing is amiss") { ++left; }
  SECTION("the last block") { zero(end / 4096 * 4096, end); }
  SECTION("a block in the middle of the last part") { zero((source.last.offset / 4096 + 2) * 4096, (source.last.offset / 4096 + 3) * 4096); }
  SECTION("all from a block of the part before on") {
    zero((source.last.offset / 4096 - 1) * 4096, end);
    --left;
  }
  const Result<LedgerWriter> mended = LedgerWriter::open(folder.ledger(), quick());
  REQUIRE(mended);
  const Rendition& after = *mended->index().find("source");
  CHECK(after.last.msn == source.last.msn);
  CHECK(after.last.part + 1 == left);
  CHECK(fs::file_size(path) == after.last.offset + after.last.bytes);
}

TEST_CASE("a part that begins just before the end of a block is believed, although a box's size begins with zeros") {
  const std::vector<media::Track> picture = {video_track()};
  // Two parts; the first frame has so many bytes more. Where the second part begins.
  const auto write = [&](const std::string& directory, std::size_t more) {
    Result<LedgerWriter> writer = LedgerWriter::open(directory, quick());
    REQUIRE(writer);
    LedgerHeader header = plan_lengths(seconds(2), milliseconds(500), picture);
    header.stream = StreamId("ledger"), header.channel = "alice";
    REQUIRE(writer->begin(header));
    Operations operations;
    Segmenter segmenter(writer->index(), {picture, false, {}}, operations);
    for (const Frame& frame : video_frames(31, {30, 1}, every(60))) {
      media::Packet packet = packet_of(frame);
      auto data = std::make_shared<Bytes>(100 + (frame.id == 0 ? more : 0), std::byte{0x55});
      packet.data = *data, packet.owner = data;
      segmenter.push(std::move(packet), operations);
    }
    for (Operation& operation : operations) REQUIRE(writer->write(operation));
    const Part last = writer->index().find("source")->last;
    REQUIRE(last.part == 1);
    return last.offset;
  };
  const Folder folder;
  const std::uint64_t plain = write(folder.ledger("plain"), 0);
  for (const std::uint64_t wanted : {4093u, 4094u, 4095u, 4096u}) {
    const std::string directory = folder.ledger(std::to_string(wanted));
    REQUIRE(write(directory, (wanted + 4096 - plain % 4096) % 4096) % 4096 == wanted % 4096);
    const Result<LedgerWriter> again = LedgerWriter::open(directory, quick());
    REQUIRE(again);
    CHECK(again->index().find("source")->last.part == 1);
    CHECK(again->counters().mended_index == 0);
  }
}

TEST_CASE("there is one writer at a time") {
  const Folder folder;
  const Result<LedgerWriter> first = LedgerWriter::open(folder.ledger(), quick());
  REQUIRE(first);
  CHECK(LedgerWriter::open(folder.ledger(), quick()).error().code == Errc::unavailable);
}

TEST_CASE("a cap removes the oldest segments, and never the last six that are whole") {
  const Folder folder;
  WriterSettings capped = quick();
  capped.most_bytes = 1;
  // What readers count (hlslint's live-segments-few): a segment that grows is none yet.
  const auto look = [](const LedgerIndex& index) {
    for (const Rendition& rendition : index.renditions())
      if (index.removed_before() > 0) CHECK(rendition.last.msn - index.removed_before() + (rendition.last.flags.last ? 1 : 0) >= 6);
  };
  feed(folder.ledger(), interleave(video_frames(900, {30, 1}, every(60)), audio_frames(1406), tracks()), true,
       capped, look);
  LedgerReader reader(folder.ledger());
  REQUIRE(reader.poll());
  CHECK(reader.find("source")->segments.size() == 6);
  CHECK(reader.removed_before() == 9);
  CHECK_FALSE(fs::exists(folder.ledger() + "/source/8.m4s"));
  CHECK(fs::exists(folder.ledger() + "/audio/9.m4s"));
}

TEST_CASE("the file `cap` is obeyed at the end of each segment, and its absence") {
  const Folder folder;
  const auto frames = interleave(video_frames(900, {30, 1}, every(60)), audio_frames(1406), tracks());
  fs::create_directories(folder.ledger());
  std::ofstream(folder.ledger() + "/cap") << "0\n";
  feed(folder.ledger(), frames, true);
  LedgerReader capped(folder.ledger());
  REQUIRE(capped.poll());
  CHECK(capped.find("source")->segments.size() == 6);
  for (const char* nonsense : {"", "soon\n", "-1\n"}) {
    const std::string whole = folder.ledger("whole");
    fs::remove_all(whole);
    fs::create_directories(whole);
    std::ofstream(whole + "/cap") << nonsense;
    feed(whole, frames, true);
    LedgerReader reader(whole);
    REQUIRE(reader.poll());
    CHECK(reader.removed_before() == 0);
  }
}

TEST_CASE("a shelf knows which ledgers have ended, and removes one whole") {
  const Folder folder;
  feed(folder.ledger("a1"), stream(), true);
  feed(folder.ledger("b2"), stream(), false);
  fs::create_directories(folder.ledger(".removed-old") + "/source");
  // What is no ledger, or not the one that its name says, is not even counted.
  fs::create_directories(folder.ledger("backups"));
  std::ofstream(folder.ledger("backups") + "/index") << "mine\n";
  fs::create_directories(folder.ledger("lost+found"));
  fs::create_directories(folder.ledger("copy"));
  fs::copy(folder.ledger("a1") + "/index", folder.ledger("copy") + "/index");
  LedgerShelf shelf(folder.path.string());
  auto found = shelf.survey({});
  REQUIRE(found);
  std::ranges::sort(*found, {}, &LedgerSize::stream);
  REQUIRE(found->size() == 2);
  CHECK((found->at(0).stream == "a1" && found->at(0).ended && found->at(0).bytes > 10'000));
  CHECK((found->at(1).stream == "b2" && !found->at(1).ended && found->at(1).bytes > 10'000));
  CHECK_FALSE(fs::exists(folder.ledger(".removed-old")));

  CHECK(shelf.remove("a1") == "alice");
  CHECK_FALSE(fs::exists(folder.ledger("a1")));
  CHECK_FALSE(shelf.remove("a1"));
  CHECK(shelf.survey({})->size() == 1);

  REQUIRE(shelf.cap("b2", 12));
  CHECK(os::read_file(folder.ledger("b2") + "/cap") == "12\n");
  REQUIRE(shelf.cap("b2", std::nullopt));
  REQUIRE(shelf.cap("b2", std::nullopt));
  CHECK(LedgerShelf(folder.ledger("nowhere")).survey({})->empty());
}

TEST_CASE("a ledger without an end has ended when nobody has written it for ten minutes, unless it is kept") {
  const Folder folder;
  feed(folder.ledger("b2"), stream(), false);
  FakeClock clock;
  clock.set_wall(system_clock().wall());
  const auto ended = [&](const std::set<std::string>& kept) { return LedgerShelf(folder.path.string(), clock).survey(kept)->at(0).ended; };
  CHECK_FALSE(ended({}));
  clock.advance(std::chrono::minutes(11));
  CHECK(ended({}));
  CHECK_FALSE(ended({"b2"}));
  const auto writer = LedgerWriter::open(folder.ledger("b2"), quick());
  REQUIRE(writer);
  CHECK_FALSE(ended({}));
}
