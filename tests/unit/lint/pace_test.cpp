#include "lint/pace.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::lint;

namespace {

constexpr Steady zero{std::chrono::hours(1)};

enum class Next { none, media, gap };

// Segment 7 with so many parts, whole or open, and a part of segment 8.
hls::ReadMedia list_of(std::size_t parts, bool whole, Next next = Next::none) {
  hls::ReadMedia list;
  list.target_duration = 2;
  list.part_target = 0.5;
  list.media_sequence = 7;
  list.segments.resize(next == Next::none ? 1 : 2);
  list.segments[0].msn = 7;
  list.segments[0].parts.resize(parts);
  if (whole) list.segments[0].uri = "7.m4s";
  if (next != Next::none) {
    list.segments[1].msn = 8;
    list.segments[1].parts.resize(1);
    list.segments[1].parts[0].gap = next == Next::gap;
  }
  return list;
}

}  // namespace

TEST_CASE("a late part is explained by what comes soon after it") {
  const milliseconds late{1000}, waited{0};
  const auto after = [](int ms) { return zero + milliseconds(ms); };
  Pace pace;
  pace.begins(zero);
  pace.grew(list_of(1, false), list_of(2, false), after(1984), late, waited);
  CHECK_FALSE(pace.take_late());
  SECTION("a gap") {
    pace.grew(list_of(2, false), list_of(2, true, Next::gap), after(2500), late, waited);
    CHECK_FALSE(pace.take_late());
    CHECK_FALSE(pace.missing(list_of(2, true, Next::gap), after(2600), late));
  }
  SECTION("a gap behind the rest of what was held") {
    pace.grew(list_of(2, false), list_of(3, false), after(1985), late, waited);
    pace.grew(list_of(3, false), list_of(3, true), after(1986), late, waited);
    CHECK_FALSE(pace.take_late());
    pace.grew(list_of(3, true), list_of(3, true, Next::gap), after(2500), late, waited);
    CHECK_FALSE(pace.take_late());
    CHECK_FALSE(pace.missing(list_of(3, true, Next::gap), after(2600), late));
  }
  SECTION("not by media like before") {
    pace.grew(list_of(2, false), list_of(3, false), after(2500), late, waited);
    pace.grew(list_of(3, false), list_of(3, true, Next::media), after(3000), late, waited);
    CHECK(pace.take_late() == "a part came 1.984 s after the one before, at most 0.500 s are allowed");
  }
  SECTION("not by a gap that is later itself") {
    pace.grew(list_of(2, false), list_of(3, false), after(2500), late, waited);
    pace.grew(list_of(3, false), list_of(4, false), after(3000), late, waited);
    pace.grew(list_of(4, false), list_of(4, true, Next::gap), after(3500), late, waited);
    CHECK(pace.take_late());
  }
  SECTION("not by nothing") { CHECK(pace.missing(list_of(2, false), after(2100), late)); }
}

TEST_CASE("that a segment becomes whole is no part that comes") {
  Pace pace;
  pace.begins(zero);
  pace.grew(list_of(1, false), list_of(1, true), zero + milliseconds(1400), milliseconds(1000), milliseconds(0));
  CHECK(pace.missing(list_of(1, true), zero + milliseconds(1600), milliseconds(1000)) == "no part has come for 1.600 s");
}
