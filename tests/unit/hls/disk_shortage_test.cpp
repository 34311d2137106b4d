#include "hls/disk_shortage.hpp"

#include <algorithm>
#include <map>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fmt/format.h>

#include "unit/hls/writer_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
using namespace sluice::hls::test;

namespace {

// What is open of the file `from` becomes `to`.
void swap_open(const std::string& from, const std::string& to) {
  const auto other = os::open_file(to, O_WRONLY | O_CREAT);
  REQUIRE(other);
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const int fd = std::stoi(entry.path().filename());
    if (fd != other->get() && fs::read_symlink(entry.path(), gone) == from) REQUIRE(::dup2(other->get(), fd) == fd);
  }
}

// A file that lies on a full disk from here on, and one that has room again.
void fill_disk_of(const std::string& path) {
  if (fs::exists(path)) fs::rename(path, path + ".before");
  fs::create_symlink("/dev/full", path);
  swap_open(path + ".before", "/dev/full");
}
void free_disk_of(const std::string& path) {
  fs::remove(path);
  if (fs::exists(path + ".before")) fs::rename(path + ".before", path);
  swap_open("/dev/full", path);
}

}  // namespace

TEST_CASE("a part that a full disk took takes the rest of its segment with it, in all renditions; the next is whole") {
  const Folder folder;
  Result<LedgerWriter> writer = begun(folder);
  Operations operations;
  Segmenter segmenter(writer->index(), {tracks(), false, {}}, operations);
  for (const Frame& frame : stream()) segmenter.push(packet_of(frame), operations);
  segmenter.finish(true, operations);

  const std::uint32_t lost = GENERATE(0u, 2u);  // of segment 1
  const bool sound_too = GENERATE(false, true);
  std::vector<std::string> gaps;
  std::map<std::string, std::uint32_t> before{{"source", 0}, {"audio", 0}};  // parts of segment 1 that were written before
  bool full = false;
  for (Operation& operation : operations) {
    const auto* part = std::get_if<WritePart>(&operation);
    const bool unlucky = part && part->part.msn == 1 && part->part.part == lost && (sound_too || part->rendition == "source");
    const std::string file = part ? folder.ledger() + "/" + segment_path(part->rendition, 1, Format::cmaf) : "";
    if (unlucky) fill_disk_of(file);
    full = full || unlucky;
    if (part && part->part.msn == 1 && !full) ++before[part->rendition];
    REQUIRE(writer->write(operation));
    if (unlucky) free_disk_of(file);
    if (part && writer->index().find(part->rendition)->last.flags.gap) gaps.push_back(fmt::format("{} {}.{}", part->rendition, part->part.msn, part->part.part));
  }
  REQUIRE(writer->end());
  std::ranges::sort(gaps);
  std::vector<std::string> expected;
  for (const auto& [rendition, written] : before)
    for (std::uint32_t part = written; part < 4; ++part) expected.push_back(fmt::format("{} 1.{}", rendition, part));
  CHECK(gaps == expected);
  CHECK(gaps.size() == 2 * (4 - lost));
  CHECK(writer->counters().parts_lost == expected.size());
  std::vector<std::uint32_t> left = count_up(200);
  left.erase(left.begin() + 60 + 15 * lost, left.begin() + 120);
  CHECK(frames_on_disk(folder.ledger(), "source") == left);
}

TEST_CASE("a shortage takes the segments it hit, and doubts those that begin after them until there is room") {
  DiskShortage shortage;
  CHECK_FALSE(shortage.takes(4));
  CHECK_FALSE(shortage.doubts(4));
  shortage.lost(4);
  CHECK(shortage.takes(4));
  CHECK_FALSE(shortage.takes(3));
  CHECK_FALSE(shortage.doubts(3));  // a rendition that is behind: its part finds room or not
  CHECK_FALSE(shortage.doubts(4));
  CHECK(shortage.doubts(5));
  shortage.lost(3);
  CHECK(shortage.takes(3));
  CHECK_FALSE(shortage.doubts(4));
  shortage.over();
  CHECK_FALSE(shortage.doubts(5));
  CHECK(shortage.takes(4));  // what is late of it stays lost
  for (MediaSequence msn = 6; msn < 60; ++msn) shortage.lost(msn);
  CHECK(shortage.takes(59));
  CHECK(shortage.doubts(60));
}
