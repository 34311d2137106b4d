// How many messages may wait for a slow disk, and how what is lost past that is told.
#include "chatlog/backlog.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::chatlog;
using Taken = Backlog::Taken;

namespace {
constexpr Wall then{milliseconds(1000)}, later{milliseconds(2000)};

// What becomes of so many more.
std::size_t taken(Backlog& backlog, std::size_t many, Wall now = then) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < many; ++i) count += backlog.take(now) == Taken::yes;
  return count;
}
}  // namespace

TEST_CASE("up to the bound all are taken, and past it each is counted as lost") {
  Backlog backlog(100'000);
  CHECK(taken(backlog, 100'000) == 100'000);
  CHECK_FALSE(backlog.losing_since());
  CHECK(backlog.take(later) == Taken::first_lost);
  CHECK(backlog.take(later) == Taken::lost);
  CHECK(taken(backlog, 998) == 0);
  CHECK(backlog.waiting() == 100'000);
  CHECK(backlog.lost() == 1000);
  CHECK(backlog.losing_since() == later);
}

TEST_CASE("it is over when half is free again, and is told once") {
  Backlog backlog(10);
  taken(backlog, 12);
  CHECK_FALSE(backlog.done(4));
  CHECK(backlog.losing_since() == then);
  CHECK(backlog.take(then) == Taken::yes);  // there is a place
  CHECK(backlog.waiting() == 7);
  CHECK_FALSE(backlog.done(1));
  CHECK(backlog.done(1));
  CHECK_FALSE(backlog.losing_since());
  CHECK_FALSE(backlog.done(5));
  CHECK(backlog.waiting() == 0);
  CHECK(backlog.lost() == 2);
}

TEST_CASE("each time is told anew, with what was lost then") {
  Backlog backlog(2);
  std::size_t begun = 0, ended = 0;
  for (std::size_t lost : {3, 1, 5}) {
    for (std::size_t i = 0; i < 2 + lost; ++i) begun += backlog.take(then) == Taken::first_lost;
    ended += backlog.done(1);
    CHECK(backlog.lost_this_time() == lost);
    ended += backlog.done(1);
  }
  CHECK(begun == 3);
  CHECK(ended == 3);
  CHECK(backlog.lost() == 9);
}

TEST_CASE("a disk that is always a little too slow is told of once") {
  Backlog backlog(10);
  std::size_t told = 0;
  for (int batch = 0; batch < 100; ++batch) {
    for (int i = 0; i < 4; ++i) told += backlog.take(then) == Taken::first_lost;
    told += backlog.done(3);
  }
  CHECK(told == 1);
  CHECK(backlog.lost() == 100 * 4 - 100 * 3 - backlog.waiting());
}
