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

TEST_CASE("what was left out when nothing follows is told once the period is over") {
  Sparing sparing(seconds(30));
  const Steady start(std::chrono::hours(1));
  using Over = std::vector<std::pair<std::string, std::uint64_t>>;
  for (int i = 0; i < 58; ++i) CHECK(sparing.next("a", start).has_value() == (i == 0));
  CHECK(sparing.next("b", start) == 0u);
  CHECK(sparing.over(start + seconds(29)).empty());
  CHECK(sparing.over(start + seconds(30)) == Over{{"a", 57}});
  CHECK(sparing.over(start + seconds(60)).empty());
  CHECK(sparing.next("a", start + seconds(31)) == 0u);
}

TEST_CASE("no number is lost where subjects make room for others") {
  Sparing sparing(seconds(30));
  const Steady start(std::chrono::hours(1));
  std::uint64_t said = 0, told = 0;
  const auto say = [&](const std::string& subject, Steady now) {
    ++said;
    if (const auto left_out = sparing.next(subject, now)) told += 1 + *left_out;
  };
  for (const Steady now : {start, start + seconds(30), start + seconds(60)})
    for (std::size_t i = 0; i < 2 * Sparing::most_subjects; ++i)
      for (int twice = 0; twice < 2; ++twice) say(std::to_string((now - start).count() + static_cast<long>(i)), now);
  for (const auto& [subject, left_out] : sparing.over(start + seconds(90))) told += left_out;
  CHECK(told == said);
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
