// Since when a store is away, and how often that is told.
#include <catch2/catch.hpp>

#include "archive/outage.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using archive::Outage;

TEST_CASE("an outage is told once, then once a minute, and its end once") {
  FakeClock clock;
  Outage outage;
  const Wall first = clock.wall();
  outage.suspect(first);
  CHECK(outage.what().empty());
  CHECK_FALSE(outage.since());
  clock.advance(2s);
  CHECK(outage.begin(clock.steady(), clock.wall(), "away", "Connection refused"));
  CHECK(outage.since() == first);
  int told = 0;
  for (int i = 0; i < 300; ++i) {
    clock.advance(1s);
    told += outage.begin(clock.steady(), clock.wall(), "away", "Connection refused");
    told += outage.due(clock.steady());
  }
  CHECK(told == 5);
  CHECK(outage.since() == first);
  CHECK(outage.end());
  CHECK_FALSE(outage.end());
  CHECK(outage.what().empty());
}

TEST_CASE("kinds that take turns are told once each") {
  FakeClock clock;
  Outage outage;
  int told = 0;
  for (int i = 0; i < 20; ++i) {
    clock.advance(1s);
    told += outage.begin(clock.steady(), clock.wall(), i % 2 ? "away" : "403 AccessDenied", "no");
  }
  CHECK(told == 2);
}

TEST_CASE("a try that failed alone is no outage") {
  FakeClock clock;
  Outage outage;
  outage.suspect(clock.wall());
  clock.advance(100s);
  CHECK_FALSE(outage.due(clock.steady()));
  CHECK_FALSE(outage.end());
  outage.suspect(clock.wall());
  CHECK(outage.begin(clock.steady(), clock.wall(), "away", "no"));
  CHECK(outage.since() == clock.wall());
}
