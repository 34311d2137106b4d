#include "mpegts/demuxer.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "unit/mpegts/ts_writer.hpp"

using namespace sluice;
using namespace sluice::mpegts;
using test::TsWriter;

namespace {

Bytes content(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  SeededRandom(seed).fill(bytes);
  for (std::byte& b : bytes)
    if (b == std::byte{0x47}) b = std::byte{0x48};  // no sync byte by chance
  return bytes;
}

// What came out, in a form that compares.
std::vector<std::string> told(Demuxer& demuxer) {
  std::vector<std::string> out;
  while (auto event = demuxer.next_event()) {
    std::string line;
    if (const auto* found = std::get_if<ProgramFound>(&*event)) {
      line = "program";
      for (const auto& stream : found->streams)
        line += " " + std::to_string(stream.pid) + ":" + (stream.codec ? std::string(media::name(*stream.codec)) : "?");
    } else {
      const auto& unit = std::get<Unit>(*event);
      line = std::to_string(unit.pid) + " pts " + (unit.pts ? std::to_string(*unit.pts) : "-") + " dts " +
             (unit.dts ? std::to_string(*unit.dts) : "-") + (unit.random_access ? " key " : " ") + std::to_string(unit.payload.size()) +
             " crc " + std::to_string(crc32_mpeg(unit.payload)) + (unit.torn ? " torn" : "");
    }
    out.push_back(line);
  }
  return out;
}

std::vector<std::string> demux(ByteView bytes, std::size_t step, Demuxer::Counts* counts = nullptr) {
  Demuxer demuxer;
  std::vector<std::string> out;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(step, bytes.size()))) {
    demuxer.receive(bytes.first(std::min(step, bytes.size())));
    for (auto& line : told(demuxer)) out.push_back(std::move(line));
  }
  demuxer.finish();
  for (auto& line : told(demuxer)) out.push_back(std::move(line));
  if (counts != nullptr) *counts = demuxer.counts();
  return out;
}

TsWriter sample() {
  TsWriter ts;
  ts.program({{TsWriter::video, 0x1b}, {TsWriter::audio, 0x0f}, {0x102, 0x86}});
  ts.pes(TsWriter::video, content(1000, 1), 7'500, 4'500, true);
  ts.pes(TsWriter::audio, content(300, 2), 4'000, 4'000, false, true);
  ts.pes(TsWriter::video, content(184 - 14, 3), 6'000, 6'000);
  ts.program({{TsWriter::video, 0x1b}, {TsWriter::audio, 0x0f}, {0x102, 0x86}});
  ts.pes(TsWriter::video, content(5, 4), (1ULL << 33) - 1, 0x1'5555'5555);
  return ts;
}

}  // namespace

TEST_CASE("a program's streams and their units") {
  const auto out = demux(sample().out, 1316);
  REQUIRE(out.size() == 5);
  CHECK(out[0] == "program 256:h264 257:aac 258:?");
  CHECK(out[1] == "257 pts 4000 dts - 300 crc " + std::to_string(crc32_mpeg(content(300, 2))));  // its length was told
  CHECK(out[2] == "256 pts 7500 dts 4500 key 1000 crc " + std::to_string(crc32_mpeg(content(1000, 1))));
  CHECK(out[3] == "256 pts 6000 dts - 170 crc " + std::to_string(crc32_mpeg(content(170, 3))));
  CHECK(out[4] == "256 pts 8589934591 dts 5726623061 5 crc " + std::to_string(crc32_mpeg(content(5, 4))));
}

TEST_CASE("cut anywhere, the same comes out") {
  TsWriter ts = sample();
  Bytes bytes = content(77, 9);  // garbage first, and in the middle
  append(bytes, ts.out);
  append(bytes, content(500, 10));
  append(bytes, sample().out);
  const auto whole = demux(bytes, bytes.size());
  CHECK(whole.size() >= 8);
  for (const std::size_t step : {1, 2, 3, 7, 187, 188, 189, 375, 377, 1000}) CHECK(demux(bytes, step) == whole);
}

TEST_CASE("garbage is skipped and counted") {
  Bytes bytes = content(1000, 5);
  append(bytes, sample().out);
  Demuxer::Counts counts;
  CHECK(demux(bytes, 100, &counts) == demux(sample().out, 100));
  CHECK(counts.skipped_bytes == 1000);
}

TEST_CASE("a lost packet costs the unit it was part of and no other") {
  TsWriter ts = sample();
  const std::size_t second_of_first_unit = 3 * packet_size;  // PAT, PMT, its first packet
  ts.out.erase(ts.out.begin() + second_of_first_unit, ts.out.begin() + second_of_first_unit + packet_size);
  Demuxer::Counts counts;
  const auto out = demux(ts.out, 188, &counts);
  REQUIRE(out.size() == 4);
  CHECK(out[2].starts_with("256 pts 6000"));
  CHECK(counts.continuity_errors == 1);
  CHECK(counts.damaged_units == 1);
  // Of its own stream the one after it knows: what it continues is missing.
  CHECK_FALSE(out[1].ends_with(" torn"));
  CHECK(out[2].ends_with(" torn"));
  CHECK_FALSE(out[3].ends_with(" torn"));
}

TEST_CASE("a packet sent twice is taken once") {
  TsWriter ts = sample();
  const Bytes second(ts.out.begin() + 3 * packet_size, ts.out.begin() + 4 * packet_size);
  ts.out.insert(ts.out.begin() + 4 * packet_size, second.begin(), second.end());
  CHECK(demux(ts.out, 188) == demux(sample().out, 188));
}

TEST_CASE("packets with a wrong bit, scrambled ones and reserved ones are passed over") {
  TsWriter ts = sample();
  for (const unsigned flags : {0x80u, 0u, 0u}) {
    Bytes packet;
    ByteWriter(packet).u8(0x47).u8(flags).u8(0x10).u8(flags ? 0x10 : 0xd0).bytes(content(184, 6));
    append(ts.out, packet);
  }
  append(ts.out, sample().out);
  Demuxer::Counts counts;
  demux(ts.out, 188, &counts);
  CHECK(counts.broken == 3);
}

TEST_CASE("a section whose CRC is wrong changes nothing") {
  TsWriter ts;
  ts.program({{TsWriter::video, 0x24}});
  ts.out[2 * packet_size - 8] ^= std::byte{1};
  append(ts.out, sample().out);
  Demuxer::Counts counts;
  CHECK(demux(ts.out, 188, &counts).front().starts_with("program 256:h264"));
  CHECK(counts.broken == 1);
}

TEST_CASE("a map over several packets, and HEVC in private data by its registration") {
  Bytes body;
  ByteWriter w(body);
  w.be16(0xe100).be16(0xf000);
  for (unsigned i = 0; i < 60; ++i) w.u8(0x05).be16(0xe200 | i).be16(0xf000);
  w.u8(0x06).be16(0xe000 | TsWriter::video).be16(0xf006).u8(5).u8(4).be32(0x48455643);
  TsWriter ts;
  ts.pat();
  ts.table(TsWriter::pmt, TsWriter::section(2, body));
  ts.pat();
  const auto out = demux(ts.out, 100);
  REQUIRE(out.size() == 1);
  CHECK(out[0].ends_with(" 256:hevc"));
}

TEST_CASE("a stream's language") {
  Bytes body;
  ByteWriter(body).be16(0xe100).be16(0xf000).u8(0x0f).be16(0xe101).be16(0xf006).u8(10).u8(4).text("deu").u8(0).u8(0x0f).be16(0xe102).be16(0xf006).u8(10).u8(4).text("D<u").u8(0);
  const Bytes section = TsWriter::section(2, body);
  const auto streams = read_pmt(ByteView(section).first(section.size() - 4));
  REQUIRE(streams);
  CHECK(streams->at(0).language == "deu");
  CHECK(streams->at(1).language.empty());
}

TEST_CASE("what is not taken has a name where it is sound or a picture") {
  Bytes body;
  ByteWriter w(body);
  w.be16(0xe100).be16(0xf000);
  w.u8(0x1b).be16(0xe100).be16(0xf000);
  w.u8(0x06).be16(0xe101).be16(0xf00a).u8(5).u8(4).text("Opus").u8(0x7f).u8(2).u8(0x80).u8(2);
  w.u8(0x81).be16(0xe102).be16(0xf000);
  w.u8(0x06).be16(0xe103).be16(0xf003).u8(0x6a).u8(1).u8(0);  // DVB's AC-3
  w.u8(0x04).be16(0xe104).be16(0xf000);
  w.u8(0x86).be16(0xe105).be16(0xf006).u8(5).u8(4).text("CUEI");  // cues are neither
  w.u8(0x06).be16(0xe106).be16(0xf003).u8(0x59).u8(1).u8(0);      // nor are subtitles
  const Bytes section = TsWriter::section(2, body);
  const auto streams = read_pmt(ByteView(section).first(section.size() - 4));
  REQUIRE(streams);
  std::vector<std::string> formats;
  for (const ElementaryStream& stream : *streams) formats.push_back(stream.format);
  CHECK(formats == std::vector<std::string>{"", "Opus", "AC-3", "AC-3", "MPEG audio (MP2 or MP3)", "", ""});
}

TEST_CASE("a changed map drops what its streams had begun") {
  TsWriter ts;
  ts.program({{TsWriter::video, 0x1b}});
  ts.pes(TsWriter::video, content(100, 1), 0, 0);
  ts.program({{TsWriter::video, 0x24}});
  ts.pes(TsWriter::video, content(100, 2), 90, 90);
  Demuxer::Counts counts;
  const auto out = demux(ts.out, 188, &counts);
  REQUIRE(out.size() == 3);
  CHECK(out[1] == "program 256:hevc");
  CHECK(out[2].starts_with("256 pts 90 "));
  CHECK(counts.damaged_units == 1);
}

TEST_CASE("a unit beyond the limit is dropped, and memory stays bounded") {
  Demuxer demuxer({.unit = 10'000, .held = 15'000, .streams = 2});
  TsWriter ts;
  ts.program({{TsWriter::video, 0x1b}, {TsWriter::audio, 0x1b}, {0x102, 0x1b}});
  ts.pes(TsWriter::video, content(9'000, 1), 0, 0);
  ts.pes(TsWriter::audio, content(9'000, 2), 0, 0);  // both together are too much
  ts.pes(0x102, content(10, 3), 0, 0);               // one stream too many
  ts.pes(TsWriter::video, content(20'000, 4), 0, 0);
  ts.pes(TsWriter::video, content(10, 5), 0, 0);
  demuxer.receive(ts.out);
  demuxer.finish();
  CHECK(told(demuxer).size() == 3);
  CHECK(demuxer.counts().damaged_units == 2);
}

TEST_CASE("another limit holds for the units that have begun, too") {
  Demuxer demuxer;
  TsWriter ts;
  ts.program({{TsWriter::video, 0x1b}});
  ts.pes(TsWriter::video, content(9'000, 1), 0, 0);
  demuxer.receive(ByteView(ts.out).first(20 * packet_size));
  demuxer.set_limits({.unit = 5'000, .held = 7'500});
  demuxer.receive(ByteView(ts.out).subspan(20 * packet_size));
  demuxer.finish();
  CHECK(told(demuxer).size() == 1);
  CHECK(demuxer.counts().damaged_units == 1);
}

TEST_CASE("random bytes break nothing") {
  SeededRandom random(7);
  for (int round = 0; round < 200; ++round) {
    TsWriter ts = sample();
    for (int i = 0; i < 20; ++i) ts.out[random.below(ts.out.size())] = static_cast<std::byte>(random.below(256));
    const auto whole = demux(ts.out, ts.out.size());
    CHECK(demux(ts.out, 1 + random.below(400)) == whole);
  }
}
