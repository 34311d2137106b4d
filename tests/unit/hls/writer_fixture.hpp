#pragma once
// What the tests of the ledger's writer share: a folder of their own, a stream of numbered frames, what of it is on the disk.
#include <filesystem>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "hls/ledger_reader.hpp"
#include "hls/ledger_writer.hpp"
#include "os/file.hpp"
#include "unit/hls/segmenter_fixture.hpp"

namespace sluice::hls::test {

namespace fs = std::filesystem;

// A folder of its own, gone with the test.
struct Folder {
  fs::path path = fs::temp_directory_path() / fmt::format("sluice-ledger-{}-{}", ::getpid(), serial()++);
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  static int& serial() {
    static int n = 0;
    return n;
  }
  std::string ledger(const std::string& name = "ledger") const { return (path / name).string(); }
};

inline const std::vector<media::Track>& tracks() {
  static const std::vector<media::Track> both = {video_track(), audio_track()};
  return both;
}
inline std::vector<Frame> stream() {
  return interleave(video_frames(200, {30, 1}, every(60)), audio_frames(312), tracks());
}

inline WriterSettings quick() {
  WriterSettings settings;
  settings.sync = SyncAt::none;
  settings.lock_wait = milliseconds(0);
  return settings;
}

inline Result<LedgerWriter> begun(const Folder& folder) {
  Result<LedgerWriter> writer = LedgerWriter::open(folder.ledger(), quick());
  REQUIRE(writer);
  LedgerHeader header = plan_lengths(seconds(2), milliseconds(500), tracks());
  header.stream = StreamId("ledger"), header.channel = "alice";
  REQUIRE(writer->begin(header));
  return writer;
}

// The frames' numbers in order, from the media on disk.
inline std::vector<std::uint32_t> frames_on_disk(const std::string& directory, const std::string& rendition) {
  LedgerReader reader(directory);
  REQUIRE(reader.poll());
  std::vector<std::uint32_t> ids;
  for (const Segment& segment : reader.find(rendition)->segments) {
    const std::string media = *os::read_file(reader.path(segment_path(rendition, segment.msn, Format::cmaf)));
    REQUIRE(media.size() == segment.bytes());
    for (const Part& part : segment.parts) {
      if (part.flags.gap) continue;
      const Result<Chunk> chunk = parse_cmaf_chunk(as_bytes(media).subspan(part.offset, part.bytes));
      REQUIRE(chunk);
      CHECK(chunk->start == part.start);
      ByteReader data(as_bytes(media).subspan(part.offset + chunk->data_offset));
      for (std::size_t i = 0; i < chunk->samples.size(); ++i) ids.push_back(data.be32());
    }
  }
  return ids;
}
inline std::vector<std::uint32_t> count_up(std::uint32_t n) {
  std::vector<std::uint32_t> ids(n);
  for (std::uint32_t i = 0; i < n; ++i) ids[i] = i;
  return ids;
}

}  // namespace sluice::hls::test
