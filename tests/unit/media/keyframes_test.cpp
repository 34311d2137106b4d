#include <catch2/catch.hpp>

#include "media/keyframes.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {
microseconds frame(int n, int fps) { return microseconds(n * 1'000'000LL / fps); }
Bytes sei(std::string_view options) {
  Bytes unit = to_bytes("\x06\x05\x50");
  append(unit, as_bytes(options));
  Bytes out;
  ByteWriter(out).be32(unit.size()).bytes(unit);
  return out;
}
}  // namespace

TEST_CASE("x264's promise is read from its SEI") {
  using media::Codec, media::promised_gop;
  CHECK(promised_gop(Codec::h264, sei("x264 - core 164 - options: cabac=1 keyint=250 keyint_min=25 x")) == 250u);
  CHECK(promised_gop(Codec::h264, sei("x264 - core 164 - options: keyint=infinite keyint_min=25")) == 0xffff'ffffu);
  CHECK_FALSE(promised_gop(Codec::h264, sei("another encoder keyint=250 ")));
  CHECK_FALSE(promised_gop(Codec::h264, as_bytes("x264 keyint=250 ")));
  CHECK_FALSE(promised_gop(Codec::hevc, sei("x264 keyint=250 ")));
}

TEST_CASE("the longest GOP counts while it still grows") {
  media::GopMeter meter;
  for (int n = 0; n < 60; ++n) meter.add(frame(n, 30), n == 0);
  CHECK(meter.longest() == frame(59, 30));
  CHECK_FALSE(meter.whole());
  meter.add(2s, true);
  CHECK(meter.longest() == 2s);
  CHECK(meter.whole());
}

TEST_CASE("keyframes follow the source, but not every frame of an all-intra one") {
  media::KeyframePlan plan(2s, true);
  std::vector<int> keys;
  for (int n = 0; n < 90; ++n)
    if (plan.key(frame(n, 30), n % 30 == 0)) keys.push_back(n);
  CHECK(keys == std::vector{0, 30, 60});
  media::KeyframePlan intra(2s, true);
  keys.clear();
  for (int n = 0; n < 60; ++n)
    if (intra.key(frame(n, 30), true)) keys.push_back(n);
  CHECK(keys == std::vector{0, 15, 30, 45});
}

TEST_CASE("keyframes on the grid are the same wherever the encoder began") {
  for (int fps : {25, 30, 60}) {
    std::vector<int> first;
    for (int begin : {0, 7, 100}) {
      media::KeyframePlan plan(2s, false);
      std::vector<int> keys;
      for (int n = begin; n < 10 * fps; ++n)
        if (plan.key(std::chrono::floor<milliseconds>(frame(n, fps)), false) && n > 4 * fps + 5) keys.push_back(n);
      if (begin == 0) first = keys;
      CHECK(keys == first);
    }
    CHECK(first == std::vector{6 * fps, 8 * fps});
  }
}

TEST_CASE("a rung of half the frames keeps every second one, however times are rounded") {
  media::FrameSelector half(30);
  int kept = 0;
  for (int n = 0; n < 600; ++n) kept += half.keep(std::chrono::floor<milliseconds>(frame(n, 60)), false);
  CHECK(kept == 300);
  media::FrameSelector all(30);
  kept = 0;
  for (int n = 0; n < 300; ++n) kept += all.keep(std::chrono::floor<milliseconds>(frame(n, 30)), false);
  CHECK(kept == 300);
  media::FrameSelector late(30);  // keyframes between the cells of a grid from 0
  kept = 0;
  for (int n = 0; n < 600; ++n) kept += late.keep(21ms + std::chrono::floor<milliseconds>(frame(n, 60)), n % 120 == 0);
  CHECK(kept == 300);
  media::FrameSelector keys(30);
  CHECK(keys.keep(frame(0, 60), true));
  CHECK(keys.keep(frame(1, 60), true));
}
