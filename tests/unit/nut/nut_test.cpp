#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "nut/format.hpp"
#include "nut/reader.hpp"
#include "nut/writer.hpp"

using namespace sluice;

namespace {
media::Track video(std::string rendition, std::uint32_t height) {
  media::Track track;
  track.codec = media::Codec::h264;
  track.rendition = std::move(rendition);
  track.config = to_bytes("\x01\x42\xc0\x1f\xff\xe1");
  track.bitrate = 3'000'000;
  track.width = height * 16 / 9;
  track.height = height;
  track.frame_rate = {30000, 1001};
  return track;
}
media::Track audio() {
  media::Track track;
  track.codec = media::Codec::aac;
  track.rendition = "audio";
  track.language = "de";
  track.alone = true;
  track.timescale = track.sample_rate = 48'000;
  track.channels = 2;
  track.config = to_bytes("\x11\x90");
  return track;
}
struct Written {
  std::vector<media::Track> tracks{video("source", 720), video("720p30", 360), audio()};
  nut::Info info{{"sluice_epoch_ms", "1700000000000"}, {"sluice_resume", "source=1,audio=2"}};
  std::vector<Bytes> payloads;
  std::vector<media::Packet> packets;
  Bytes bytes;

  void add(std::size_t track, std::int64_t dts, std::int64_t reorder, std::size_t size, bool key, nut::Writer& writer) {
    Bytes data(size);
    for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::byte>(i * 7 + packets.size() + 'N');
    payloads.push_back(std::move(data));
    media::Packet packet{.track = track, .pts = dts + reorder, .dts = dts, .duration = 3003, .key = key};
    packet.data = payloads.back();
    REQUIRE(writer.frame(bytes, packet));
    append(bytes, packet.data);
    packets.push_back(packet);
  }
  Written() {
    payloads.reserve(64);
    nut::Writer writer(tracks, info);
    writer.header(bytes);
    add(0, -3003, 3003, 300'000, true, writer);
    add(1, 0, 0, 1000, true, writer);
    add(2, 0, 0, 200, true, writer);
    writer.info(bytes, 1, {{"sluice_state", "shed"}});
    for (int i = 1; i < 20; ++i) add(i % 3, i * 3003, i % 3 == 0 ? 6006 : 0, i * 900, i % 5 == 0, writer);
    add(0, 90'000LL * 3600 * 30, 0, 0, false, writer);  // thirty hours on
  }
};
struct Read {
  std::vector<media::Packet> packets;
  std::vector<nut::InfoChange> changes;
  void drain(nut::Reader& reader) {
    for (;;) {
      auto event = reader.next();
      REQUIRE(event);
      if (!*event) return;
      if (auto* packet = std::get_if<media::Packet>(&**event)) packets.push_back(*packet);
      else changes.push_back(std::get<nut::InfoChange>(**event));
    }
  }
};
void check(const Written& written, const nut::Reader& reader, const Read& read) {
  CHECK(reader.tracks() == written.tracks);
  CHECK(reader.info() == written.info);
  REQUIRE(read.changes.size() == 1);
  CHECK(read.changes[0].track == 1u);
  CHECK(read.changes[0].info.at("sluice_state") == "shed");
  REQUIRE(read.packets.size() == written.packets.size());
  for (std::size_t i = 0; i < read.packets.size(); ++i) {
    const auto &a = read.packets[i], &b = written.packets[i];
    INFO("packet " << i);
    CHECK((a.track == b.track && a.pts == b.pts && a.dts == b.dts && a.duration == b.duration && a.key == b.key));
    CHECK(std::ranges::equal(a.data, b.data));
  }
}
}  // namespace

TEST_CASE("variable-length numbers keep their value at every width") {
  for (int bit = 0; bit < 62; ++bit) {
    for (std::int64_t value : {(1LL << bit) - 1, 1LL << bit, (1LL << bit) + 1}) {
      Bytes out;
      nut::put_v(out, static_cast<std::uint64_t>(value));
      nut::put_s(out, value);
      nut::put_s(out, -value);
      ByteReader in(out);
      CHECK(nut::get_v(in) == static_cast<std::uint64_t>(value));
      CHECK(nut::get_s(in) == value);
      CHECK(nut::get_s(in) == -value);
      CHECK((in.at_end() && !in.failed()));
    }
  }
}

TEST_CASE("the checksum is CRC-32/04C11DB7 from 0, unreflected") {
  CHECK(nut::checksum(as_bytes("123456789")) == 0x89A1897F);
}

TEST_CASE("what was written is read, cut anywhere") {
  const Written written;
  CHECK(nut::recognise(written.bytes) == nut::Form::ours);
  SeededRandom random(5);
  for (std::size_t step : {1u, 7u, 4096u, 1'000'000u, 0u}) {
    nut::Reader reader;
    Read read;
    for (std::size_t at = 0; at < written.bytes.size();) {
      const std::size_t n = std::min(written.bytes.size() - at, step ? step : 1 + random.below(3000));
      reader.input().push(ByteView(written.bytes).subspan(at, n));
      at += n;
      if (step != 1 || at > 600'000 || at % 1024 == 0 || at < 2000 || at == written.bytes.size()) read.drain(reader);
    }
    check(written, reader, read);
  }
}

TEST_CASE("a packet is there with its last byte") {
  const Written written;
  nut::Reader reader;
  const std::size_t last = written.bytes.size();
  reader.input().push(ByteView(written.bytes).first(last - 1));
  Read read;
  read.drain(reader);
  CHECK(read.packets.size() == written.packets.size() - 1);
  reader.input().push(ByteView(written.bytes).last(1));
  read.drain(reader);
  CHECK(read.packets.size() == written.packets.size());
}

TEST_CASE("other forms of NUT and other containers are foreign") {
  CHECK(nut::recognise(as_bytes("FLV\1")) == nut::Form::foreign);
  CHECK(nut::recognise(as_bytes("nut/multi")) == nut::Form::undecided);
  Written written;
  written.bytes[nut::file_id.size() + 12] ^= std::byte{1};
  CHECK(nut::recognise(written.bytes) == nut::Form::foreign);
}

TEST_CASE("a packet before time 0, or shown before it is decoded, is refused") {
  nut::Writer writer({video("source", 720)}, {});
  Bytes out;
  writer.header(out);
  CHECK_FALSE(writer.frame(out, {.pts = -1, .dts = -1}));
  CHECK_FALSE(writer.frame(out, {.pts = 1, .dts = 2}));
  CHECK_FALSE(writer.frame(out, {.track = 1}));
}
