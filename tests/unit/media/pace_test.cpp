#include <catch2/catch.hpp>

#include "media/pace.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using media::Pace;

namespace {

constexpr auto frame = 40ms;

// Frames from media time 0 on, one each `every` of the clock, the first at `now`.
Steady frames(Pace& pace, int count, milliseconds every, Steady now, microseconds media = 0us) {
  for (int i = 0; i < count; ++i, now += every, media += frame) pace.arrived(media, now);
  return now;
}

}  // namespace

TEST_CASE("a live stream's reader rests until shortly before what it waits for") {
  Pace pace;
  const Steady begin{1000s};
  CHECK_FALSE(pace.rest(500ms, begin));  // nothing is known yet
  const Steady now = frames(pace, 30, frame, begin);  // the last at 1160 ms
  const auto until = pace.rest(1300ms, now);
  REQUIRE(until);
  CHECK(*until == begin + 1295ms);
  CHECK(*pace.rest(5s, now) == now + 500ms);      // never long
  CHECK_FALSE(pace.rest(1200ms, now));            // it may come at any moment
  CHECK_FALSE(pace.rest(0ms, now));
}

TEST_CASE("a stream that comes faster than real time gives no rest") {
  Pace pace;
  const Steady now = frames(pace, 200, 20ms, Steady{1000s});
  CHECK_FALSE(pace.rest(200 * frame + 500ms, now));
}

TEST_CASE("what has come late once does not hurry or delay the reader") {
  Pace pace;
  const Steady begin{1000s};
  Steady now = frames(pace, 50, frame, begin);
  for (int i = 50; i < 60; ++i) pace.arrived(i * frame, begin + 60 * frame);  // read together after a rest
  now = begin + 60 * frame;
  CHECK(*pace.rest(60 * frame + 100ms, now) == begin + 60 * frame + 95ms);
}

TEST_CASE("a stream that has fallen behind is waited for where it is now") {
  Pace pace;
  const Steady begin{1000s};
  frames(pace, 50, frame, begin);
  // Two seconds late from here on, for longer than it is remembered.
  const int late = 25 * 25;
  const Steady now = frames(pace, late, frame, begin + 4s, 50 * frame);
  const microseconds next = (50 + late) * frame;
  REQUIRE(pace.rest(next + 100ms, now));
  CHECK(*pace.rest(next + 100ms, now) == now + 95ms);
}

TEST_CASE("a clock that runs a little fast is followed, and rested on again a second after each step") {
  Pace pace;
  Steady now{1000s};
  int rested = 0, asked = 0;
  for (int i = 0; i < 25 * 60; ++i, now += 39'960us) {  // 1 in 1000
    pace.arrived(i * frame, now);
    ++asked;
    if (const auto until = pace.rest(i * frame + 200ms, now)) {
      ++rested;
      CHECK(*until <= now + 200ms);
    }
  }
  CHECK(rested > asked / 2);
}
