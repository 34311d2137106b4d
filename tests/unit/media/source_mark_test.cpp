#include <catch2/catch.hpp>

#include "media/source_mark.hpp"

using namespace sluice;
using namespace sluice::media;
using namespace std::chrono_literals;

TEST_CASE("a source's mark is read as it was written, and so is one of a release before") {
  for (const SourceMark& mark : {SourceMark{8'333'333us}, SourceMark{2'400'000us, 10s, 16'567'000us, 500'000}, SourceMark{0us, 20s}})
    CHECK(parse_source_mark(format(mark) + "\n") == mark);
  CHECK(parse_source_mark("2506000\n") == SourceMark{2'506'000us});
  CHECK(parse_source_mark("0 10000000") == SourceMark{0us, 10s});
}

TEST_CASE("what is no mark is none") {
  for (const char* text : {"", "\n", "x", "-1", "1 -2", "1  2", "1 2 3 4 5", "1.5", "99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(parse_source_mark(text));
  }
}

TEST_CASE("one failure is no habit; another one is, and a promise") {
  CHECK_FALSE(is_habit(SourceMark{8s, next_probation({})}));
  CHECK_FALSE(is_habit(SourceMark{0us, 10s}));
  CHECK(is_habit(SourceMark{8s, next_probation(SourceMark{0us, 10s})}));
  CHECK(is_habit(SourceMark{8'333'333us}));
}

TEST_CASE("each failure makes the probation twice as long, up to ten minutes") {
  CHECK(next_probation({}) == 10s);
  CHECK(next_probation(SourceMark{5s}) == 10s);
  CHECK(next_probation(SourceMark{0s, 10s}) == 20s);
  CHECK(next_probation(SourceMark{5s, 400s}) == 600s);
  CHECK(next_probation(SourceMark{5s, microseconds::max() / 4}) == 600s);
}
