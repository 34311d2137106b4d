#include "flv/file.hpp"

#include <catch2/catch.hpp>

#include "rtmp/amf0.hpp"
#include "rtmp/flv.hpp"

using namespace sluice;
using rtmp::flv::PacketType;

namespace {

// 320x180 without timing in its VUI, as x264 writes it; two channels at 48 kHz.
const std::string avcc = "0142c00dffe100176742c00dda05067e7c0440000003004000000f03c50aa801000468ce0fc8", aac = "1190";

Bytes from_hex(const std::string& hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

struct Flv {
  Bytes bytes;

  explicit Flv(unsigned flags = 5) { ByteWriter(bytes).text("FLV").u8(1).u8(flags).be32(9).be32(0); }
  Flv& tag(unsigned type, std::uint32_t ms, const Bytes& body) {
    ByteWriter(bytes).u8(type).be24(body.size()).be24(ms & 0xff'ffff).u8(ms >> 24).be24(0).bytes(body).be32(11 + body.size());
    return *this;
  }
  Flv& metadata(double frame_rate) {
    Bytes body;
    rtmp::amf::write_amf0(body, "onMetaData");
    rtmp::amf::write_amf0(body, rtmp::amf::EcmaArray{{{"framerate", frame_rate}, {"videodatarate", 800.0}}});
    return tag(18, 0, body);
  }
  Flv& video(std::uint32_t ms, PacketType type, std::string_view data, bool key = false, std::int32_t composition = 0) {
    Bytes body;
    rtmp::flv::write_legacy_video(body, type, key, composition);
    append(body, as_bytes(data));
    return tag(9, ms, body);
  }
  Flv& audio(std::uint32_t ms, PacketType type, std::string_view data) {
    Bytes body;
    rtmp::flv::write_legacy_audio(body, type);
    append(body, as_bytes(data));
    return tag(8, ms, body);
  }
  Flv& configurations() {
    return video(0, PacketType::sequence_start, as_text(from_hex(avcc)), true).audio(0, PacketType::sequence_start, as_text(from_hex(aac)));
  }
};

// Gives at most `step` bytes at a time.
pipe::Read reader(ByteView bytes, std::size_t step) {
  return [bytes, step](std::span<std::byte> into) mutable -> Result<std::size_t> {
    const std::size_t n = std::min({into.size(), step, bytes.size()});
    std::copy_n(bytes.begin(), n, into.begin());
    bytes = bytes.subspan(n);
    return n;
  };
}

struct Read {
  std::string text;  // track:dts+composition,duration[k]=data; of each packet
  std::vector<media::Track> tracks;
  std::uint64_t damaged = 0;
};

Read read_all(const Bytes& bytes, std::size_t step = 1 << 20) {
  auto file = flv::open(reader(bytes, step), {}).value();
  Read out;
  for (auto packet = file->next().value(); packet; packet = file->next().value())
    out.text += std::to_string(packet->track) + ":" + std::to_string(packet->dts) + "+" + std::to_string(packet->pts - packet->dts) + "," +
                std::to_string(packet->duration) + (packet->key ? "k=" : "=") + std::string(as_text(packet->data)) + " ";
  out.tracks = file->tracks();
  out.damaged = file->damaged();
  return out;
}

const Flv& plain() {
  static const Flv flv = Flv()
                             .metadata(25)
                             .configurations()
                             .video(0, PacketType::frames, "one", true, 40)
                             .audio(0, PacketType::frames, "la")
                             .audio(21, PacketType::frames, "la")
                             .video(40, PacketType::frames, "two", false, 80)
                             .audio(43, PacketType::frames, "la")
                             .video(80, PacketType::frames, "three");
  return flv;
}
const std::string plain_packets = "0:0+3600,3600k=one 1:0+0,1024k=la 1:1024+0,1024k=la 0:3600+7200,3600=two 1:2048+0,1024k=la 0:7200+0,3600=three ";

}  // namespace

TEST_CASE("a plain FLV's tracks and packets, however its bytes come") {
  for (const std::size_t step : {1, 2, 7, 100, 1'000'000}) {
    const Read read = read_all(plain().bytes, step);
    CHECK(read.text == plain_packets);
    CHECK(read.damaged == 0);
    REQUIRE(read.tracks.size() == 2);
    CHECK(read.tracks[0].rendition == "source");
    CHECK(read.tracks[0].width == 320);
    CHECK(read.tracks[0].frame_rate == media::Rational{25, 1});
    CHECK(read.tracks[0].bitrate == 800'000);
    CHECK(read.tracks[1].timescale == 48'000);
    CHECK(read.tracks[1].channels == 2);
  }
}

TEST_CASE("what a stream is can be told from its head, and not from less") {
  const ByteView bytes = plain().bytes;
  const std::size_t head = Flv().metadata(25).configurations().bytes.size();
  for (std::size_t n = 0; n < head; ++n) REQUIRE(flv::recognise(bytes.first(n)) == flv::Form::undecided);
  for (std::size_t n = head; n <= bytes.size(); ++n) REQUIRE(flv::recognise(bytes.first(n)) == flv::Form::plain);
}

TEST_CASE("what is not plain is left to others") {
  const auto form = [](const Flv& flv) { return flv::recognise(flv.bytes); };
  CHECK(flv::recognise(as_bytes("FLX")) == flv::Form::other);
  CHECK(flv::recognise(as_bytes("G")) == flv::Form::other);
  CHECK(form(Flv(0).configurations()) == flv::Form::other);                                               // no word of what is in it
  CHECK(form(Flv(1).video(0, PacketType::sequence_start, as_text(from_hex(avcc)), true).video(0, PacketType::frames, "x", true)) == flv::Form::plain);  // its VUI tells 30
  CHECK(form(Flv().audio(0, PacketType::frames, "x")) == flv::Form::other);                               // a frame before its configuration
  CHECK(form(Flv().tag(8, 0, from_hex("2f00"))) == flv::Form::other);                                     // MP3
  CHECK(form(Flv().tag(7, 0, {})) == flv::Form::other);
  CHECK(form(Flv().video(0, PacketType::sequence_start, "broken", true)) == flv::Form::other);
  Bytes multitrack;
  rtmp::flv::write_track(multitrack, media::Codec::h264, PacketType::sequence_start, true, 0, 1);
  append(multitrack, from_hex(avcc));
  CHECK(form(Flv().tag(9, 0, multitrack)) == flv::Form::other);
  CHECK(form(Flv().tag(18, 0, Bytes(5000))) == flv::Form::other);                                         // the rest comes too late
}

TEST_CASE("of a damaged FLV the rest is read, and what is torn by its end is dropped") {
  const std::size_t head = Flv().metadata(25).configurations().bytes.size();
  Bytes damaged = plain().bytes;
  damaged[head] = std::byte{0x55};  // the first frame's type
  const Read read = read_all(damaged, 3);
  CHECK(read.text == plain_packets.substr(plain_packets.find("1:0")));
  CHECK(read.damaged == 1);

  Bytes torn = plain().bytes;
  torn.resize(torn.size() - 6);
  CHECK(read_all(torn).text == plain_packets.substr(0, plain_packets.find("0:7200")));
  CHECK(read_all(torn).damaged == 1);

  Bytes noise = plain().bytes;
  append(noise, Bytes(3000, std::byte{9}));
  CHECK(read_all(noise).text == plain_packets);
}

TEST_CASE("times rise over the clock's wrap, and what steps back is moved") {
  Flv flv;
  flv.metadata(25).configurations();
  for (const std::uint32_t ms : {0xffff'ffd8u, 0u, 40u, 20u}) flv.video(ms, PacketType::frames, "x", true);
  const Read read = read_all(flv.bytes);
  CHECK(read.text == "0:386547053040+0,3600k=x 0:386547056640+0,3600k=x 0:386547060240+0,3600k=x 0:386547060241+0,3600k=x ");
  CHECK(read.damaged == 1);
}

TEST_CASE("NAL units behind two-byte lengths get four") {
  Bytes config = from_hex(avcc);
  config[4] = std::byte{0xfd};
  Flv flv(1);
  flv.metadata(25).video(0, PacketType::sequence_start, as_text(config), true);
  flv.video(0, PacketType::frames, as_text(from_hex("0003" "658801")), true);
  auto file = flv::open(reader(flv.bytes, 5), {}).value();
  const auto packet = file->next().value();
  REQUIRE(packet);
  CHECK(Bytes(packet->data.begin(), packet->data.end()) == from_hex("00000003" "658801"));
  CHECK(media::Codec::h264 == file->tracks()[0].codec);
}

TEST_CASE("an FLV that ends before its first frame is told") {
  for (std::size_t n = 0; n < Flv().metadata(25).configurations().bytes.size(); n += 13) {
    const Bytes begin(plain().bytes.begin(), plain().bytes.begin() + static_cast<std::ptrdiff_t>(n));
    REQUIRE_FALSE(flv::open(reader(begin, 100), {}));
  }
}
