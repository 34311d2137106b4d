// What was taken off the screens, as far as it is remembered for what other nodes still bring.
#include "chat/removals.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::chat;

namespace {
Message message(std::string id, std::int64_t author, Wall at) {
  Message made;
  made.id = std::move(id);
  made.author.id = UserId(author);
  made.at = at;
  return made;
}
constexpr Wall noon{milliseconds(43'200'000)};
}  // namespace

TEST_CASE("a removal covers the message, what its author had said, or all that had been, and nothing later") {
  Removals removals;
  CHECK_FALSE(removals.covers(message("a", 1, Wall{})));
  removals.remove("a", noon);
  removals.remove_author(UserId(2), noon);
  removals.remove_author(UserId(2), noon - seconds(1));  // what was off stays off
  CHECK(removals.covers(message("a", 1, noon + seconds(1))));
  CHECK_FALSE(removals.covers(message("b", 1, noon)));
  CHECK(removals.covers(message("b", 2, noon)));
  CHECK_FALSE(removals.covers(message("b", 2, noon + milliseconds(1))));
  removals.remove_all(noon + seconds(5));
  removals.remove_all(noon);
  CHECK(removals.covers(message("c", 3, noon + seconds(5))));
  CHECK_FALSE(removals.covers(message("c", 3, noon + seconds(6))));
}

TEST_CASE("who comes back is told what was taken off since, with how far back it reaches") {
  Removals removals;
  removals.remove("early", noon);
  removals.remove("late", noon + seconds(2));
  removals.remove_author(UserId(2), noon);
  removals.remove_author(UserId(3), noon + seconds(2));
  removals.remove_all(noon);
  const TakenOff since = removals.since(noon + seconds(1));
  CHECK(since.ids == std::vector<std::string>{"late"});
  CHECK(since.authors == std::vector{std::pair(UserId(3), noon + seconds(2))});
  CHECK_FALSE(since.all);
  const TakenOff ever = removals.since(Wall{});
  CHECK(ever.ids.size() == 2);
  CHECK(ever.authors.size() == 2);
  CHECK(ever.all == noon);
}

TEST_CASE("of removals the last thousand are remembered") {
  Removals removals;
  for (int i = 0; i < 1001; ++i) {
    removals.remove(std::to_string(i), noon);
    removals.remove_author(UserId(10 + i), noon);
    removals.remove(std::to_string(i), noon);  // again: it takes no place of its own
    removals.remove_author(UserId(10 + i), noon);
  }
  CHECK_FALSE(removals.covers(message("0", 1, noon)));
  CHECK(removals.covers(message("1", 1, noon)));
  CHECK(removals.covers(message("1000", 1, noon)));
  CHECK_FALSE(removals.covers(message("x", 10, noon)));
  CHECK(removals.covers(message("x", 11, noon)));
  CHECK(removals.covers(message("x", 1010, noon)));
}
