#include <catch2/catch.hpp>

#include "media/shedding.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using media::Shedder;

namespace {
// Ticks ten times a second for `time`; the lag follows `lag(elapsed)`. What it did, as "-0" (shed) and "+0" (back).
template <class Lag>
std::string run(Shedder& shedder, FakeClock& clock, milliseconds time, Lag lag) {
  std::string done;
  for (milliseconds at{0}; at < time; at += 100ms, clock.advance(100ms)) {
    if (auto change = shedder.tick(clock.steady(), lag(at))) done += (change->shed ? '-' : '+') + std::to_string(change->rung);
  }
  return done;
}
const auto steady_lag = [](microseconds lag) { return [lag](milliseconds) { return lag; }; };
}  // namespace

TEST_CASE("a machine that keeps up sheds nothing") {
  FakeClock clock;
  Shedder shedder(2);
  CHECK(run(shedder, clock, 60s, steady_lag(400ms)).empty());
}

TEST_CASE("a growing lag sheds the dearest rung, then the next, never more than there are") {
  FakeClock clock;
  Shedder shedder(2);
  CHECK(run(shedder, clock, 20s, [](milliseconds at) { return at / 2; }) == "-0-1");
  CHECK(shedder.exhausted());
}

TEST_CASE("a backlog that shrinks by itself sheds nothing") {
  FakeClock clock;
  Shedder shedder(2);
  CHECK(run(shedder, clock, 20s, [](milliseconds at) { return std::max<microseconds>(6s - at / 2, 0s); }).empty());
}

TEST_CASE("beyond all patience even a shrinking backlog sheds") {
  FakeClock clock;
  Shedder shedder(1);
  CHECK(run(shedder, clock, 1s, steady_lag(9s)) == "-0");
}

TEST_CASE("rungs return one by one, the cheapest first, each after a quiet time") {
  FakeClock clock;
  Shedder shedder(2);
  run(shedder, clock, 20s, [](milliseconds at) { return at / 2; });
  CHECK(run(shedder, clock, 29s, steady_lag(200ms)).empty());
  CHECK(run(shedder, clock, 5s, steady_lag(200ms)) == "+1");
  CHECK(run(shedder, clock, 30s, steady_lag(200ms)) == "+0");
}

TEST_CASE("a moment of lag begins the quiet time anew") {
  FakeClock clock;
  Shedder shedder(1);
  run(shedder, clock, 5s, steady_lag(2s));
  CHECK(shedder.shed(0));
  run(shedder, clock, 25s, steady_lag(0s));
  run(shedder, clock, 1s, steady_lag(800ms));
  CHECK(run(shedder, clock, 25s, steady_lag(0s)).empty());
  CHECK(run(shedder, clock, 10s, steady_lag(0s)) == "+0");
}

TEST_CASE("a rung that relapses waits twice as long, up to a limit") {
  FakeClock clock;
  Shedder shedder(1);
  milliseconds quiet = 30s;
  for (int round = 0; round < 8; ++round) {
    CHECK(run(shedder, clock, 10s, steady_lag(3s)) == "-0");
    CHECK(run(shedder, clock, quiet - 1s, steady_lag(0s)).empty());
    CHECK(run(shedder, clock, 2s, steady_lag(0s)) == "+0");
    quiet = std::min<milliseconds>(quiet * 2, 600s);
  }
}
