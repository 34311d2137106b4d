// rooms: hls nut
// 30 hours of a stream, from the publisher's bytes to the ledger's lines, over every wrap and leap that a clock can have.
#include "unit/ingest/long_stream.hpp"

using namespace sluice;
using namespace sluice::ingest::test;

namespace {
constexpr std::int64_t thirty_hours = 30 * hour_us, minute_us = 60'000'000;
constexpr std::uint64_t frame_ms = 33;

// In tenths of the stream: both clocks forward, both back, sound alone is reset and comes back, the picture alone leaps away and comes
// back; and then any of them, twenty times.
std::vector<Leap> leaps(std::int64_t length_us) {
  const std::int64_t tenth = length_us / 10;
  std::vector<Leap> all{{tenth / 2, true, true, 2 * hour_us},   {tenth, true, true, -2 * hour_us},     {2 * tenth, false, true, -5 * hour_us},
                        {3 * tenth, false, true, 5 * hour_us}, {4 * tenth, true, false, 9 * hour_us}, {5 * tenth, true, false, -9 * hour_us}};
  for (std::int64_t i = 0; i < 20; ++i)
    all.push_back({6 * tenth + i * tenth / 5, i % 3 != 0, i % 3 != 1, (i % 2 ? 1 : -1) * minute_us * (i + 1)});
  return all;
}
}  // namespace

TEST_CASE("30 hours by RTMP over the wrap of 32 bits, which comes every 49.7 days", "[long]") {
  // Shortly before it, with B-frames; its low 24 bits wrap six times, which means nothing.
  LongStream<Rtmp> stream({.shape = {.b_frames = true}, .first = (1ULL << 32) - 5'000}, Rtmp());
  stream.run(thirty_hours);
  CHECK(stream.repairs() == 0);
  stream.check();
}

TEST_CASE("30 hours by RTMP from an encoder that counts in 24 bits, a wrap every 4 h 39 min, and 1 % too fast", "[long]") {
  LongStream<Rtmp> stream({.first = (1ULL << 24) - 5'000, .speed = 1.01}, Rtmp(24));
  stream.run(thirty_hours);
  CHECK(stream.repairs() == 0);
  stream.check();
}

TEST_CASE("30 hours by MPEG-TS, whose 33 bits of 1/90000 s wrap after 26.5, and 1 % too slow", "[long]") {
  LongStream<Ts> stream({.shape = {.b_frames = true}, .first = (1ULL << 33) - 2 * 3'600 * 90'000, .speed = 0.99}, Ts());  // at 2 and at 28.5 hours
  stream.run(thirty_hours);
  CHECK(stream.repairs() == 0);
  stream.check();
}

TEST_CASE("decode time that begins below zero, as with B-frames whose first picture is shown at 0") {
  SECTION("RTMP") {
    LongStream<Rtmp> stream({.shape = {.b_frames = true}, .first = (1ULL << 32) - frame_ms}, Rtmp());
    stream.run(minute_us);
    stream.check();
  }
  SECTION("MPEG-TS") {
    LongStream<Ts> stream({.shape = {.b_frames = true}, .first = (1ULL << 33) - frame_ticks}, Ts());
    stream.run(minute_us);
    stream.check();
  }
}

TEST_CASE("clocks that leap either way, together and alone, are closed up without drift over 15 and 30 hours", "[long]") {
  SECTION("RTMP, 30 hours") {
    LongStream<Rtmp> stream({.shape = {.b_frames = true}, .first = 0, .leaps = leaps(thirty_hours)}, Rtmp());
    stream.run(thirty_hours);
    CHECK(stream.repairs() > 20);
    stream.check();
  }
  SECTION("RTMP in 24 bits, 15 hours") {
    LongStream<Rtmp> stream({.first = 0, .leaps = leaps(thirty_hours / 2)}, Rtmp(24));
    stream.run(thirty_hours / 2);
    CHECK(stream.repairs() > 20);
    stream.check();
  }
}

TEST_CASE("clocks that leap either way, together and alone, are closed up in a transport stream") {
  LongStream<Ts> stream({.first = 7'000, .leaps = leaps(thirty_hours / 30)}, Ts());
  stream.run(thirty_hours / 30);
  CHECK(stream.repairs() > 20);
  stream.check();
}
