#include <catch2/catch.hpp>

#include "media/shedding.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using media::Shedder;

namespace {
const Steady begun = FakeClock().steady();

// Ticks ten times a second for `time`; input comes as `input(elapsed)`, output as `output(elapsed)`. What it did, as "-0" (shed) and "+0" (back).
template <class Input, class Output>
std::string run(Shedder& shedder, FakeClock& clock, milliseconds time, Input input, Output output) {
  std::string done;
  for (milliseconds at{0}; at < time; at += 100ms, clock.advance(100ms)) {
    if (auto change = shedder.tick(clock.steady(), input(at), output(at))) done += (change->shed ? '-' : '+') + std::to_string(change->rung);
  }
  return done;
}

// Input in real time; the lag follows `lag(elapsed)`.
template <class Lag>
std::string run(Shedder& shedder, FakeClock& clock, milliseconds time, Lag lag) {
  const auto real_time = [&](milliseconds) { return std::chrono::duration_cast<microseconds>(clock.steady() - begun); };
  return run(shedder, clock, time, real_time, [&](milliseconds at) { return real_time(at) - microseconds(lag(at)); });
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

TEST_CASE("a backlog that is read as fast as it is worked off sheds nothing, whatever its size") {
  FakeClock clock;
  Shedder shedder(2);
  // 18 s of it, of which the queue holds ten at a time; then input comes in real time. Output comes half again as fast.
  const auto output = [](milliseconds at) -> microseconds { return std::min<microseconds>(at * 3 / 2, at + 18s); };
  const auto input = [&](milliseconds at) { return std::min<microseconds>(output(at) + 10s, at + 18s); };
  CHECK(run(shedder, clock, 60s, input, output).empty());
}

TEST_CASE("a backlog that is read faster than real time and worked off more slowly sheds") {
  FakeClock clock;
  Shedder shedder(1);
  CHECK(run(shedder, clock, 5s, [](milliseconds at) { return microseconds(at * 2); }, [](milliseconds at) { return microseconds(at * 9 / 10); }) == "-0");
}

TEST_CASE("beyond all patience a backlog that shrinks slowly sheds") {
  FakeClock clock, other;
  Shedder slow(1), fast(1);
  CHECK(run(slow, clock, 4s, [](milliseconds at) { return 12s - at / 10; }) == "-0");
  CHECK(run(fast, other, 4s, [](milliseconds at) { return 12s - at / 3; }).empty());
}

TEST_CASE("nothing is shed while encoders start") {
  FakeClock clock;
  Shedder shedder(1);
  const auto output = [](milliseconds at) -> microseconds { return std::max<microseconds>(0s, (at - 800ms) * 6 / 5); };
  CHECK(run(shedder, clock, 10s, [](milliseconds at) { return microseconds(at + 6s); }, output).empty());
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
