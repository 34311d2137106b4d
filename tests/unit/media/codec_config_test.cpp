// Configurations as x264, x265, libaom, FFmpeg's AAC and libopus write them; what they say was read off with ffprobe.
#include <catch2/catch.hpp>

#include "media/audio_config.hpp"
#include "media/codec_config.hpp"
#include "media/parameter_sets.hpp"

using namespace sluice;
using namespace sluice::media;

namespace {

Bytes from_hex(std::string_view text) {
  Bytes out;
  unsigned value = 0;
  int digits = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    if (++digits % 2 == 0) out.push_back(static_cast<std::byte>(value));
  }
  return out;
}

Track track(Codec codec, std::string_view hex) { return {.codec = codec, .config = from_hex(hex)}; }

// 1278x718, 30000/1001, High 3.1
const char* avcc = "0164001fffe100196764001facd9405005beab011000003e90000ea600f18319600100066 8ebe3cb22c0fdf8f800";
// 640x362, 25 fps, interlaced 4:4:4
const char* avcc_interlaced =
    "01f4001effe1001b67f4001e919b28140c7e33011000000300100000030321f14299600100 0668fba3c44844fff8f800";
// 1278x718, 30000/1001, Main 10
const char* hvcc =
    "0102200000009000000000005df000fcfdfafa00000f03a00001001840010c01ffff022000000300900000030000"
    "03005d959809a1000100 2a420101022000000300900000030000 03005da00280802d1d5365959a4932bc05a02000007d2000"
    "0ea601a2000100074401c172b46240";
// 1278x718, Main, level 3.1
const char* av1c = "81050c000a0b0000002d4cfdb34daf9004";

}  // namespace

TEST_CASE("H.264: size after cropping, frame rate and name") {
  Track video = track(Codec::h264, avcc);
  REQUIRE(describe(video));
  CHECK(video.width == 1278);
  CHECK(video.height == 718);
  CHECK(video.frame_rate == Rational{30'000, 1001});
  CHECK(codec_string(video) == "avc1.64001f");
  CHECK(nal_length_size(video) == 4u);

  Track interlaced = track(Codec::h264, avcc_interlaced);
  REQUIRE(describe(interlaced));
  CHECK(interlaced.width == 640);
  CHECK(interlaced.height == 362);
  CHECK(interlaced.frame_rate.num == 25 * interlaced.frame_rate.den);
  CHECK(codec_string(interlaced) == "avc1.f4001e");
}

TEST_CASE("HEVC: size, frame rate and name") {
  Track video = track(Codec::hevc, hvcc);
  REQUIRE(describe(video));
  CHECK(video.width == 1278);
  CHECK(video.height == 718);
  CHECK(video.frame_rate.num * 1001 == video.frame_rate.den * 30'000);
  CHECK(codec_string(video) == "hvc1.2.4.L93.90");
  CHECK(nal_length_size(video) == 4u);
}

TEST_CASE("AV1 and VP9: size and name") {
  Track video = track(Codec::av1, av1c);
  REQUIRE(describe(video));
  CHECK(video.width == 1278);
  CHECK(video.height == 718);
  CHECK(codec_string(video) == "av01.0.05M.08");
  CHECK(codec_string(track(Codec::vp9, "001f8202 02020000")) == "vp09.00.31.08");
  CHECK(codec_string(track(Codec::vp9, "01000000 001f8202 02020000")) == "vp09.00.31.08");
}

TEST_CASE("AAC: rates, channels, SBR and PS in both ways of saying them") {
  struct Row {
    const char* config;
    std::uint32_t rate, channels;
    const char* name;
  };
  const Row row = GENERATE(Row{"121056e500", 44'100, 2, "mp4a.40.2"}, Row{"11b056e500", 48'000, 6, "mp4a.40.2"},
                           Row{"1190", 48'000, 2, "mp4a.40.2"}, Row{"1388", 22'050, 1, "mp4a.40.2"},
                           Row{"2b118800", 48'000, 2, "mp4a.40.5"},      // explicit, hierarchical
                           Row{"139056e5a0", 44'100, 2, "mp4a.40.5"},    // explicit, behind the old form
                           Row{"eb098800", 48'000, 2, "mp4a.40.29"},     // PS: one channel becomes two
                           Row{"17802ee0 10", 24'000, 2, "mp4a.40.2"});  // a rate written out
  CAPTURE(row.config);
  Track audio = track(Codec::aac, row.config);
  REQUIRE(describe(audio));
  CHECK(audio.sample_rate == row.rate);
  CHECK(audio.channels == row.channels);
  CHECK(codec_string(audio) == row.name);
}

TEST_CASE("Opus and FLAC") {
  Track opus = track(Codec::opus, "4f70757348656164 0102380180bb0000000000");
  REQUIRE(describe(opus));
  CHECK(opus.sample_rate == 48'000);
  CHECK(opus.channels == 2);
  CHECK(codec_string(opus) == "opus");
  const std::string info = "120012000000fc0005110bb802f000003840e5f051c128e84992c0cba99724092b51";
  for (const std::string& config : {info, "664c6143" "80000022" + info}) {
    Track flac = track(Codec::flac, config);
    REQUIRE(describe(flac));
    CHECK(flac.sample_rate == 48'000);
    CHECK(flac.channels == 2);
  }
}

TEST_CASE("a configuration that is cut short is an error or tells less, and never more") {
  for (const auto& [codec, hex] : {std::pair{Codec::h264, avcc}, {Codec::h264, avcc_interlaced}, {Codec::hevc, hvcc},
                                   {Codec::av1, av1c}, {Codec::aac, "2b118800"}}) {
    const Bytes whole = from_hex(hex);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      Track cut{.codec = codec, .config = Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))};
      static_cast<void>(describe(cut));
      static_cast<void>(codec_string(cut));
      static_cast<void>(nal_length_size(cut));
    }
    Track empty{.codec = codec};
    CHECK_FALSE(describe(empty));
    CHECK(codec_string(empty).empty());
  }
}

TEST_CASE("how many frames are reordered stands behind the hypothetical decoders, or in HEVC's layers") {
  // x264 and x265, with has_b_frames as libavformat tells it.
  const auto reordered = [](Codec codec, const char* config) { return sequence_parameters(track(codec, config)).value().reordered_frames; };
  CHECK(reordered(Codec::h264, "0142c00dffe100176742c00dda05067e7c0440000003004000000f03c50aa801000468ce0fc8") == 0);
  CHECK(reordered(Codec::h264, "0164000dffe100196764000dacec1419f9f0110000030001000003003c0f14293801000468ef8fcbfdf8f800") == 1);
  CHECK(reordered(Codec::h264, "0164000dffe100246764000dacd941419f9f0110000003001000000303c602001e840007a13930c01e28532c01000468efbcb0fdf8f800") == 2);
  CHECK(reordered(Codec::hevc, "0101600000009000000000003cf000fcfdf8f800000f03200001001840010c01ffff01600000030090000003000003003cba02402100010029420101"
                               "01600000030090000003000003003ca00a080c1f3e5ba4a4c2f0168080000003008000000f042200") == 0);
  CHECK(reordered(Codec::hevc, "0101600000009000000000003cf000fcfdf8f800000f03200001001840010c01ffff01600000030090000003000003003c959809210001002b420101"
                               "01600000030090000003000003003ca00a080c1f3e595992930bc05a020000030002000003003c10") == 2);
  CHECK_FALSE(sequence_parameters(Track{.codec = Codec::aac}));
}

TEST_CASE("sizes that no picture has are refused") {
  // Exp-Golomb codes of 2^31: width in macroblocks.
  CHECK_FALSE(read_h264_sps(from_hex("6742001e f800000004 ffffffff ffffffff ffffffff")));
  CHECK_FALSE(read_h264_sps({}));
  CHECK_FALSE(read_hevc_sps({}));
  CHECK_FALSE(read_audio_specific_config(from_hex("16ff")));
}

TEST_CASE("frame rates are in lowest terms, and believed only where a camera could have them") {
  CHECK(frame_rate_of(60'000, 2002) == Rational{30'000, 1001});
  CHECK(frame_rate_of(50, 2) == Rational{25, 1});
  CHECK(frame_rate_of(0, 1) == Rational{0, 1});
  CHECK(frame_rate_of(1, 0) == Rational{0, 1});
  CHECK(frame_rate_of(0xffff'ffff, 2) == Rational{0, 1});
  CHECK(frame_rate_of(1, 101) == Rational{0, 1});
}

TEST_CASE("emulation prevention goes, and only that") {
  CHECK(raw_payload(from_hex("0000030000030300000301")) == from_hex("000000000300000 1"));
}
