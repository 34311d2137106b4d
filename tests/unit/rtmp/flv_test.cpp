#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "rtmp/flv.hpp"
#include "unit/hex.hpp"

using namespace sluice;
using sluice::test::from_hex;
using namespace sluice::rtmp::flv;
using media::Codec;

namespace {

struct Parsed {
  Bytes bytes;  // what the packets point into
  std::vector<Packet> packets;
  bool ok = false;
};

Parsed video(std::string_view hex) {
  Parsed p{from_hex(hex)};
  p.ok = parse_video(p.bytes, p.packets).has_value();
  return p;
}
Parsed audio(std::string_view hex) {
  Parsed p{from_hex(hex)};
  p.ok = parse_audio(p.bytes, p.packets).has_value();
  return p;
}

}  // namespace

TEST_CASE("AVC by number: configuration, frames with composition time, end") {
  const auto start = video("17 00 000000 0164001f");
  REQUIRE(start.packets.size() == 1);
  CHECK(start.packets[0].type == PacketType::sequence_start);
  CHECK(start.packets[0].codec == Codec::h264);
  CHECK(hex(start.packets[0].data) == "0164001f");

  const auto frame = video("27 01 fffff6 aabb");
  CHECK(frame.packets[0].type == PacketType::frames);
  CHECK_FALSE(frame.packets[0].key);
  CHECK(frame.packets[0].composition_offset == -10);
  CHECK(hex(frame.packets[0].data) == "aabb");

  CHECK(video("17 02 000000").packets[0].type == PacketType::sequence_end);
  CHECK(video("57 00").packets[0].type == PacketType::command);
  CHECK(video("1c 01 000000 aa").packets[0].codec == Codec::hevc);
  CHECK(video("17 07 000000 aa").packets[0].type == PacketType::unknown);
}

TEST_CASE("AAC and MP3 by number; other codecs are told, not refused") {
  const auto start = audio("af 00 1210");
  CHECK(start.packets[0].type == PacketType::sequence_start);
  CHECK(start.packets[0].codec == Codec::aac);
  CHECK(hex(start.packets[0].data) == "1210");
  CHECK(audio("af 01 2112").packets[0].type == PacketType::frames);
  CHECK(audio("2f fffb").packets[0].codec == Codec::mp3);
  const auto speex = audio("b6 00");
  CHECK(speex.ok);
  CHECK(speex.packets[0].type == PacketType::unknown);
  CHECK_FALSE(speex.packets[0].codec);
  CHECK(fourcc_text(speex.packets[0].fourcc) == "codec 11");
  CHECK(fourcc_text(video("22 aabb").packets[0].fourcc) == "codec 2");  // Sorenson
}

TEST_CASE("Enhanced video: every packet type") {
  const auto start = video("90 68766331 0102");
  CHECK(start.packets[0].type == PacketType::sequence_start);
  CHECK(start.packets[0].codec == Codec::hevc);
  CHECK(start.packets[0].key);
  CHECK(start.packets[0].enhanced);
  CHECK(hex(start.packets[0].data) == "0102");

  const auto frames = video("a1 68766331 000021 aa");
  CHECK(frames.packets[0].composition_offset == 33);
  CHECK_FALSE(frames.packets[0].key);
  CHECK(hex(frames.packets[0].data) == "aa");
  const auto frames_x = video("a3 61766331 aa");
  CHECK(frames_x.packets[0].type == PacketType::frames);
  CHECK(frames_x.packets[0].composition_offset == 0);
  CHECK(hex(frames_x.packets[0].data) == "aa");
  const auto av1 = video("91 61763031 0a0b");  // AV1 has no composition time
  CHECK(av1.packets[0].codec == Codec::av1);
  CHECK(hex(av1.packets[0].data) == "0a0b");
  CHECK(video("92 68766331").packets[0].type == PacketType::sequence_end);
  CHECK(video("94 68766331 0200").packets[0].type == PacketType::metadata);
  CHECK(video("d1 00").packets[0].type == PacketType::command);
  CHECK(video("9f 68766331 00").packets[0].type == PacketType::unknown);
  const auto stranger = video("91 76767631 00");
  CHECK(stranger.ok);
  CHECK_FALSE(stranger.packets[0].codec);
  CHECK(fourcc_text(stranger.packets[0].fourcc) == "vvv1");
}

TEST_CASE("Enhanced audio: Opus, AAC, channel layout") {
  const auto opus = audio("90 4f707573 4f70757348656164");
  CHECK(opus.packets[0].type == PacketType::sequence_start);
  CHECK(opus.packets[0].codec == Codec::opus);
  CHECK(audio("91 6d703461 2112").packets[0].codec == Codec::aac);
  CHECK(audio("92 4f707573").packets[0].type == PacketType::sequence_end);
  CHECK(audio("94 4f707573 0102").packets[0].type == PacketType::channel_layout);
  CHECK(audio("9e 4f707573 0102").packets[0].type == PacketType::unknown);
}

TEST_CASE("ModEx: a chain is walked, nanoseconds are kept, what is unknown is stepped over") {
  // ModEx, 3 bytes = 500,000 ns, then ModEx of an unknown kind with 2 bytes, then CodedFramesX
  const auto chain = video("97 02 07a120 07 01 beef 53 68766331 aa");
  REQUIRE(chain.ok);
  CHECK(chain.packets[0].nanoseconds == 500'000);
  CHECK(chain.packets[0].type == PacketType::frames);
  CHECK(hex(chain.packets[0].data) == "aa");
  // a size of 256 or more is told in two further bytes
  std::string data;
  for (int i = 0; i < 300; ++i) data += "00";
  const auto large = video("97 ff 012b" + data + "53 68766331 aa");
  REQUIRE(large.ok);
  CHECK(hex(large.packets[0].data) == "aa");
  const auto sound = audio("97 02 07a120 01 4f707573 aa");
  CHECK(sound.packets[0].nanoseconds == 500'000);
  CHECK(sound.packets[0].codec == Codec::opus);
  CHECK_FALSE(video("97 02 07a120 07").ok);
}

TEST_CASE("multitrack: one track, many of one codec, many of many") {
  const auto one = video("96 01 68766331 05 000007 aa");
  REQUIRE(one.packets.size() == 1);
  CHECK(one.packets[0].track == 5);
  CHECK(one.packets[0].composition_offset == 7);
  CHECK(hex(one.packets[0].data) == "aa");

  const auto many = video("96 13 61766331 00 000002 aabb 01 000001 cc");
  REQUIRE(many.packets.size() == 2);
  CHECK(many.packets[0].track == 0);
  CHECK(hex(many.packets[0].data) == "aabb");
  CHECK(many.packets[1].track == 1);
  CHECK(hex(many.packets[1].data) == "cc");

  const auto codecs = audio("95 21 4f707573 00 000001 aa 6d703461 01 000002 bbcc");
  REQUIRE(codecs.packets.size() == 2);
  CHECK(codecs.packets[0].codec == Codec::opus);
  CHECK(codecs.packets[1].codec == Codec::aac);
  CHECK(hex(codecs.packets[1].data) == "bbcc");

  CHECK(video("96 06 61766331 00").packets[0].type == PacketType::unknown);  // nested
  CHECK(video("96 26 61766331 00 000000").packets[0].type == PacketType::unknown);
  CHECK(audio("95 05 4f707573 00").packets[0].type == PacketType::unknown);
  CHECK(video("96 31 61766331 00").packets[0].type == PacketType::unknown);  // no such form
  // VP9: its configuration, and frames without a composition time; nanoseconds before a multitrack header hold for all its tracks
  const auto vp9 = video("97 02 07a120 06 11 76703039 00 000002 aabb 01 000001 cc");
  REQUIRE(vp9.packets.size() == 2);
  for (const Packet& packet : vp9.packets) {
    CHECK(packet.codec == Codec::vp9);
    CHECK(packet.nanoseconds == 500'000);
    CHECK(packet.key);
    CHECK(packet.composition_offset == 0);
  }
  const auto torn = video("96 13 61766331 00 000002 aabb 01 000009 cc");
  CHECK_FALSE(torn.ok);
  CHECK(torn.packets.size() == 1);
}

TEST_CASE("headers cut short are errors; an empty message is nothing") {
  CHECK(video("").ok);
  CHECK(video("").packets.empty());
  for (const char* whole : {"17 01 000000", "90 68766331", "a1 68766331 000021", "97 02 07a120 53 68766331"}) {
    const Bytes bytes = from_hex(whole);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      std::vector<Packet> packets;
      CHECK_FALSE(parse_video(ByteView(bytes).first(size), packets));
    }
  }
  CHECK_FALSE(audio("af").ok);
  CHECK_FALSE(audio("90 4f7075").ok);
}

TEST_CASE("headers that we write are read as meant") {
  for (const Codec codec : {Codec::h264, Codec::hevc, Codec::av1, Codec::vp9}) {
    for (const std::int32_t offset : {0, 40, -40}) {
      Bytes out;
      write_enhanced_video(out, codec, PacketType::frames, true, offset);
      out.push_back(std::byte{0xaa});
      std::vector<Packet> packets;
      REQUIRE(parse_video(out, packets));
      CHECK(packets[0].codec == codec);
      CHECK(packets[0].key);
      CHECK(hex(packets[0].data) == "aa");
      const bool has_offset = codec == Codec::h264 || codec == Codec::hevc;
      CHECK(packets[0].composition_offset == (has_offset ? offset : 0));
    }
  }
  Bytes out;
  write_legacy_video(out, PacketType::frames, false, -40);
  std::vector<Packet> packets;
  REQUIRE(parse_video(out, packets));
  CHECK(packets[0].composition_offset == -40);
}
