#include "base/sparing.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("a line that comes again and again is told once a period, with the number of those left out") {
  Sparing sparing(seconds(30));
  const Steady start(std::chrono::hours(1));
  CHECK(sparing.next("a", start) == 0u);
  CHECK_FALSE(sparing.next("a", start));
  CHECK_FALSE(sparing.next("a", start + seconds(29)));
  CHECK(sparing.next("b", start + seconds(29)) == 0u);
  CHECK(sparing.next("a", start + seconds(30)) == 2u);
  CHECK_FALSE(sparing.next("a", start + seconds(59)));
  CHECK(sparing.next("a", start + seconds(60)) == 1u);
}

TEST_CASE("subjects without end are told of once a period, and cost bounded memory") {
  Sparing sparing(seconds(30));
  const Steady start(std::chrono::hours(1));
  std::size_t told = 0;
  for (std::size_t i = 0; i < 10 * Sparing::most_subjects; ++i) told += sparing.next(std::to_string(i), start).has_value();
  CHECK(told == Sparing::most_subjects + 1);
  CHECK_FALSE(sparing.next("0", start + seconds(29)));
  CHECK(sparing.next("new", start + seconds(30)));
}
