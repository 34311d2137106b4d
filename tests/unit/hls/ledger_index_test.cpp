#include "hls/ledger_index.hpp"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "hls/crc32c.hpp"
#include "hls/ledger_reader.hpp"

using namespace sluice;
using namespace sluice::hls;

namespace {

LedgerHeader header() {
  return {StreamId("k3x9"), "alice", 1'763'820'000'000, 2000, 500, 533'334, 2, Format::cmaf};
}
RenditionRecord video() {
  RenditionRecord r;
  r.name = "source";
  r.init = 0;
  r.codecs = "avc1.64001f";
  r.width = 1280, r.height = 720, r.frame_rate = {30, 1}, r.bitrate = 6'000'000;
  return r;
}
PartRecord part(MediaSequence msn, std::uint32_t index, std::int64_t start, PartFlags flags = {}) {
  Part p;
  p.msn = msn, p.part = index, p.offset = index * 1000ULL, p.bytes = flags.gap ? 0 : 1000;
  p.start = start, p.duration = 45'000;
  p.src_begin_us = start * 100 / 9, p.src_end_us = p.src_begin_us + 500'000;
  p.wall_ms = 1'763'820'000'530 + start / 90, p.init = 0, p.flags = flags;
  return {"source", p};
}

std::vector<Record> story() {
  return {header(),
          video(),
          part(0, 0, 0, {.independent = true}),
          part(0, 1, 45'000, {.last = true}),
          ShedRecord{"source", true},
          part(1, 0, 90'000, {.gap = true, .discontinuity = true}),
          ShedRecord{"source", true, true},
          ShedRecord{"source", false},
          part(2, 0, 135'000, {.independent = true, .last = true}),
          RemovedRecord{1},
          EndRecord{1'763'820'009'000}};
}
std::string text_of(const std::vector<Record>& records) {
  std::string text;
  for (const Record& record : records) text += format_record(record);
  return text;
}

}  // namespace

TEST_CASE("CRC-32C agrees with RFC 3720 B.4") {
  CHECK(crc32c(as_bytes("123456789")) == 0xe3069283U);
  CHECK(crc32c(Bytes(32, std::byte{0})) == 0x8a9136aaU);
  CHECK(crc32c(Bytes(32, std::byte{0xff})) == 0x62a8ab43U);
}

TEST_CASE("every record comes back as it was written") {
  for (const Record& record : story()) {
    const std::string line = format_record(record);
    REQUIRE(line.ends_with('\n'));
    const auto read = parse_record(std::string_view(line).substr(0, line.size() - 1));
    REQUIRE(read);
    CHECK(*read == record);
  }
}

TEST_CASE("a record with any one byte changed is refused") {
  const std::string line = format_record(part(3, 2, 360'000, {.independent = true}));
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    std::string changed = line.substr(0, line.size() - 1);
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(parse_record(changed));
  }
}

TEST_CASE("right checksums do not save wrong fields") {
  const auto with_crc = [](std::string body) {
    return body + fmt::format(" {:08x}", crc32c(as_bytes(body)));
  };
  for (const char* body :
       {"", "P", "Z 1", "E", "E -1", "E 01", "E 1 2", "X 18446744073709551616", "S source away",
        "S ../x shed", "P source 0 0 0 0 0 45000 0 500000 0 0 I", "P source 0 0 0 10 0 45000 0 500000 0 0 G",
        "P source 0 0 0 10 0 45000 0 500000 0 0 LI", "P source 0 0 0 10 0 0 0 500000 0 0 I",
        "R source 0 video avc1.64001f 0 1280x720 30/1 0/0 0 0",
        "R source 0 video avc1.64001f 90000 1280 30/1 0/0 0 0", "R audio 0 audio opus 48000 0x0 0/1 48000/2 0 0 e_n",
        "R audio 0 audio opus 48000 0x0 0/1 48000/2 0 0 en de",
        "R audio 0 audio opus 48000 0x0 0/1 48000/2 0 0 en alone x", "R audio 0 audio opus 48000 0x0 0/1 48000/2 0 0 -",
        "R source 0 video avc1.64001f 90000 1280x720 30/1 0/0 0 0 - alone", "L 2 k alice 0 2000 500 533334 2 cmaf",
        "L 1 K alice 0 2000 500 533334 2 cmaf", "L 1 k alice 0 2000 500 533334 2 cmaf everywhere",
        "L 1 k alice 0 2000 500 533334 2 cmaf anywhere x"})
    CHECK_FALSE(parse_record(with_crc(body)));
  for (const char* more : {"", " anywhere"}) {
    const std::string body = fmt::format("L 1 k alice 0 2000 500 533334 2 cmaf{}", more);
    const auto header = parse_record(with_crc(body.c_str()));
    REQUIRE(header);
    CHECK(std::get<LedgerHeader>(*header).anywhere == (*more != 0));
    CHECK(format_record(*header) == with_crc(body.c_str()) + "\n");
  }
  CHECK(parse_record(with_crc("E 1")));
  const auto told = parse_record(with_crc("R audio2 0 audio opus 48000 0x0 0/1 48000/2 0 0 pt-BR"));
  REQUIRE(told);
  CHECK(std::get<RenditionRecord>(*told).language == "pt-BR");
  CHECK(format_record(*told) == with_crc("R audio2 0 audio opus 48000 0x0 0/1 48000/2 0 0 pt-BR") + "\n");
  for (const char* language : {"-", "de"}) {
    const std::string body = fmt::format("R audio 0 audio opus 48000 0x0 0/1 48000/2 0 0 {} alone", language);
    const auto alone = parse_record(with_crc(body.c_str()));
    REQUIRE(alone);
    CHECK(std::get<RenditionRecord>(*alone).alone);
    CHECK(std::get<RenditionRecord>(*alone).language == (*language == '-' ? "" : language));
    CHECK(format_record(*alone) == with_crc(body.c_str()) + "\n");
  }
}

TEST_CASE("the index follows the story") {
  LedgerIndex index;
  const std::string text = text_of(story());
  CHECK(index.feed(as_bytes(text)) == text.size());
  CHECK_FALSE(index.torn());
  REQUIRE(index.find("source"));
  const Rendition& r = *index.find("source");
  CHECK(index.removed_before() == 1);
  CHECK(index.ended_ms() == 1'763'820'009'000);
  REQUIRE(r.segments.size() == 2);
  CHECK(r.segments[0].gap());
  CHECK(r.segments[0].complete);
  CHECK(r.segments[1].complete);
  CHECK(r.end == 180'000);
  CHECK(r.source_end == microseconds(2'000'000));
  CHECK_FALSE(r.shed);
}

TEST_CASE("an index cut at any byte is believed up to its last whole line") {
  const std::string text = text_of(story());
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    LedgerIndex index(Keep::tail);
    const std::size_t whole = text.substr(0, cut).rfind('\n') + 1;  // npos + 1 = 0
    CHECK(index.feed(as_bytes(text).first(cut)) == whole);
    // The rest, given again from where belief ended, completes it.
    CHECK(index.feed(as_bytes(text).subspan(whole)) == text.size() - whole);
    CHECK(index.believed() == text.size());
    CHECK(index.find("source")->end == 180'000);
  }
}

TEST_CASE("belief ends at a line that breaks the order, and goes on when the writer has cut it off") {
  const std::vector<Record> wrong = {part(0, 3, 90'000), part(2, 0, 90'000), part(0, 2, 90'000), header(),
                                     PartRecord{"other", part(0, 0, 0).part}};
  for (const Record& record : wrong) {
    LedgerIndex index;
    const std::string good = text_of({header(), video(), part(0, 0, 0), part(0, 1, 45'000, {.last = true})});
    const std::string bad = good + format_record(record) + format_record(part(1, 0, 90'000));
    CHECK(index.feed(as_bytes(bad)) == good.size());
    CHECK(index.torn());
    CHECK(index.feed(as_bytes(format_record(part(1, 0, 90'000)))) > 0);
    CHECK_FALSE(index.torn());
  }
}

TEST_CASE("a reader sees what is appended, and a torn tail only when it is mended") {
  const std::string directory =
      fmt::format("{}/sluice-reader-{}", std::filesystem::temp_directory_path().string(), ::getpid());
  std::filesystem::create_directories(directory);
  LedgerReader reader(directory);
  CHECK(reader.poll().error().code == Errc::not_found);
  const std::string text = text_of(story());
  std::ofstream out(reader.index_path(), std::ios::binary);
  bool saw_any = false;
  for (std::size_t i = 0; i < text.size(); i += 37) {
    out << text.substr(i, 37) << std::flush;
    const auto news = reader.poll();
    REQUIRE(news);
    saw_any = saw_any || *news;
  }
  CHECK(saw_any);
  CHECK(reader.ended());
  CHECK(reader.end_of("source") == microseconds(2'000'000));
  CHECK(reader.end_of("none") == microseconds(0));
  CHECK_FALSE(*reader.poll());
  std::filesystem::resize_file(reader.index_path(), 10);
  CHECK(reader.poll().error().code == Errc::invalid);
  std::filesystem::remove_all(directory);
}
