#include "mpegts/frames.hpp"

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "unit/hex.hpp"

using namespace sluice;
using sluice::test::from_hex;
using namespace sluice::mpegts;
using media::Codec;

namespace {
const std::string sps = "000000016764001eacd940a02ff9701100000303e90000ea600f162d96", pps = "0000000168ebe3cb22c0";
const std::string delimiter = "0000000109f0", idr = "00000165888400", slice = "000001419a0200";

Unit video(const std::string& text, std::optional<std::uint64_t> pts, std::optional<std::uint64_t> dts = {}, bool random_access = false) {
  return {.pid = 256, .codec = Codec::h264, .pts = pts, .dts = dts, .random_access = random_access, .payload = from_hex(text)};
}
Unit audio(ByteView payload, std::optional<std::uint64_t> pts) {
  return {.pid = 257, .codec = Codec::aac, .pts = pts, .payload = Bytes(payload.begin(), payload.end())};
}
Bytes adts(std::size_t size, unsigned rate_index = 3) {
  Bytes frame;
  const std::uint64_t header = 0xfffULL << 44 | 1ULL << 40 | 1ULL << 38 | std::uint64_t{rate_index} << 34 | 2ULL << 30 | (size + 7) << 13 | 0x7ffULL << 2;
  ByteWriter(frame).be24(header >> 32).be32(header);
  for (std::size_t i = 0; i < size; ++i) frame.push_back(static_cast<std::byte>(i));
  return frame;
}
}  // namespace

TEST_CASE("an access unit in Annex B becomes avcC and a length-prefixed frame") {
  VideoFrames frames(Codec::h264);
  std::vector<FrameEvent> out;
  frames.take(video(delimiter + sps + pps + idr, 9'000, 6'000), out);
  REQUIRE(out.size() == 2);
  const auto& track = std::get<media::Track>(out[0]);
  CHECK(track.config[0] == std::byte{1});
  CHECK(track.width == 640);
  CHECK(track.height > 0);
  const auto& frame = std::get<Frame>(out[1]);
  CHECK(frame.dts == 6'000);
  CHECK(frame.composition == 3'000);
  CHECK(frame.key);
  CHECK(*frame.data == from_hex("000000196764001eacd940a02ff9701100000303e90000ea600f162d96" "0000000668ebe3cb22c0" "00000003658884"));

  out.clear();
  frames.take(video(delimiter + slice, 9'000), out);
  frames.take(video(delimiter + sps + pps + idr, 12'000), out);  // the same configuration again says nothing
  REQUIRE(out.size() == 2);
  CHECK_FALSE(std::get<Frame>(out[0]).key);
  CHECK(std::get<Frame>(out[1]).key);
}

TEST_CASE("a frame whose end is missing is not put together with what came after the hole") {
  AdtsFrames frames;
  std::vector<FrameEvent> out;
  const Bytes one = adts(50), two = adts(60), three = adts(70);
  Bytes payload = one;
  append(payload, ByteView(two).first(30));
  frames.take(audio(payload, 90'000), out);
  Unit after = audio(three, 99'000);
  after.torn = true;
  out.erase(out.begin());  // the track
  frames.take(after, out);
  REQUIRE(out.size() == 2);
  CHECK(std::get<Frame>(out[0]).data->size() == 50);
  CHECK(*std::get<Frame>(out[1]).data == Bytes(three.begin() + 7, three.end()));
  CHECK(std::get<Frame>(out[1]).dts == 99'000);
  CHECK(frames.broken() == 30);
}

TEST_CASE("PTS − DTS is right across the wrap of 33 bits") {
  VideoFrames frames(Codec::h264);
  std::vector<FrameEvent> out;
  frames.take(video(sps + pps + idr, 1'000, (1ULL << 33) - 2'000), out);
  CHECK(std::get<Frame>(out[1]).composition == 3'000);
}

TEST_CASE("two pictures in one unit, and units without a time, go on at the step so far") {
  VideoFrames frames(Codec::h264);
  std::vector<FrameEvent> out;
  frames.take(video(sps + pps + idr, 0), out);
  frames.take(video(slice, 3'600), out);
  frames.take(video(delimiter + slice + delimiter + slice, 7'200), out);
  frames.take(video(slice, std::nullopt), out);
  REQUIRE(out.size() == 6);
  CHECK(std::get<Frame>(out[4]).dts == 10'800);
  CHECK(std::get<Frame>(out[5]).dts == 14'400);
}

TEST_CASE("an open GOP's intra picture counts where the sender says so and brings its parameter sets") {
  VideoFrames frames(Codec::h264);
  std::vector<FrameEvent> out;
  frames.take(video(sps + pps + slice, 0, {}, true), out);
  CHECK(std::get<Frame>(out[1]).key);
  out.clear();
  frames.take(video(slice, 3'000, {}, true), out);
  CHECK_FALSE(std::get<Frame>(out[0]).key);
}

TEST_CASE("units without a picture, without anything, or of too many pieces are broken") {
  VideoFrames frames(Codec::h264);
  std::vector<FrameEvent> out;
  frames.take(video("", 0), out);
  frames.take(video(delimiter, 0), out);
  std::string many;
  for (int i = 0; i < 5'000; ++i) many += "00000101";
  frames.take(video(many, 0), out);
  std::string sets;
  for (int i = 0; i < 65; ++i) sets += pps;
  frames.take(video(sets + idr, 0), out);
  CHECK(out.empty());
  CHECK(frames.broken() == 4);
}

TEST_CASE("ADTS frames: one time for all that begin in a unit, whichever unit they end in") {
  Bytes stream = adts(100);
  append(stream, adts(120));
  append(stream, adts(80));
  AdtsFrames frames;
  std::vector<FrameEvent> out;
  frames.take(audio(ByteView(stream).first(150), 90'000), out);   // the second is cut
  frames.take(audio(ByteView(stream).subspan(150, 150), 93'840), out);  // its end, and the third's header and start
  frames.take(audio(ByteView(stream).subspan(300), std::nullopt), out);
  REQUIRE(out.size() == 4);
  CHECK(std::get<media::Track>(out[0]).sample_rate == 48'000);
  CHECK(std::get<Frame>(out[1]).dts == 90'000);
  CHECK(std::get<Frame>(out[1]).data->size() == 100);
  CHECK(std::get<Frame>(out[2]).dts == 91'920);
  CHECK(std::get<Frame>(out[2]).data->size() == 120);
  CHECK(std::get<Frame>(out[3]).dts == 93'840);
  CHECK(std::get<Frame>(out[3]).data->size() == 80);
  CHECK(frames.broken() == 0);
}

TEST_CASE("ADTS: garbage is passed over, a new rate is a new configuration") {
  Bytes stream = from_hex("00ff00fff0");
  append(stream, adts(10));
  append(stream, adts(10, 4));
  AdtsFrames frames;
  std::vector<FrameEvent> out;
  frames.take(audio(stream, 0), out);
  REQUIRE(out.size() == 4);
  CHECK(frames.broken() == 5);
  CHECK(std::get<media::Track>(out[2]).sample_rate == 44'100);
}

TEST_CASE("ADTS cut at every byte gives the same frames") {
  Bytes stream;
  for (int i = 0; i < 5; ++i) append(stream, adts(20 + static_cast<std::size_t>(i)));
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    AdtsFrames frames;
    std::vector<FrameEvent> out;
    frames.take(audio(ByteView(stream).first(cut), 0), out);
    frames.take(audio(ByteView(stream).subspan(cut), std::nullopt), out);
    REQUIRE(out.size() == 6);
    for (std::size_t i = 0; i < 5; ++i) {
      CHECK(std::get<Frame>(out[i + 1]).dts == i * 1'920);
      CHECK(std::get<Frame>(out[i + 1]).data->size() == 20 + i);
    }
  }
}

TEST_CASE("other parameter sets are another configuration; an access unit without some of them, or of garbage, is none") {
  VideoFrames frames(Codec::h264);
  std::vector<FrameEvent> out;
  const std::string small = "000000016742c00dda05067e7c0440000003004000000f03c50aa8", second = "00000001685b8f20";
  frames.take(video(delimiter + sps + pps + second + idr, 0), out);
  REQUIRE(out.size() == 2);
  frames.take(video(delimiter + sps + pps + idr, 3'000), out);
  frames.take(video(delimiter + "0000000167ffffff" + "0000000168ff" + idr, 6'000), out);
  REQUIRE(out.size() == 4);
  CHECK(frames.broken() == 1);
  frames.take(video(delimiter + small + pps + idr, 9'000), out);
  REQUIRE(out.size() == 6);
  CHECK(std::get<media::Track>(out[4]).width == 320);
}
