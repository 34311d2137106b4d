#include "sqlite/database.hpp"
#include "store/sqlite_schema.hpp"
#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;
using platform::Plan;

namespace {
struct House : Fresh {
  Channel demo = channel();
  Subscriptions& subs = store->subscriptions();
  std::vector<User> people;
  House() {
    for (int i = 0; i < 13; ++i) people.push_back(user("user" + std::to_string(i)));
  }
  bool subscribe(int i) {
    return subs.subscribe(demo.id, people[i].id, Plan::tier1, shell, "").value().subscription.founder;
  }
  bool founder(int i) { return subs.find(demo.id, people[i].id).value()->founder; }
  void give(int i) {
    REQUIRE(subs.gift({.channel = demo.id, .gifter = people[0].id, .recipients = {people[i].id}}, shell, ""));
  }
};
}  // namespace

TEST_CASE("the first ten that pay are founders, and stay it") {
  House house;
  for (int i = 0; i < 10; ++i) CHECK(house.subscribe(i));
  CHECK_FALSE(house.subscribe(10));
  REQUIRE(house.subs.cancel(house.demo.id, house.people[3].id, "", shell));
  CHECK_FALSE(house.subscribe(11));  // the place is not free
  CHECK(house.subscribe(3));         // and whose it is comes back to it
  CHECK(house.subs.renew(house.demo.id, house.people[10].id, Plan::tier1, shell, "")
            .value()
            .subscription.founder == false);
  REQUIRE(house.subs.cancel(house.demo.id, house.people[4].id, "", shell));
  house.give(4);  // somebody else pays
  CHECK(house.founder(4));
}

TEST_CASE("a gift makes no founder, and a month that one pays does") {
  House house;
  house.give(1);
  CHECK_FALSE(house.founder(1));
  CHECK(house.subs.renew(house.demo.id, house.people[1].id, Plan::tier1, shell, "k")
            .value()
            .subscription.founder);
  CHECK(house.subs.renew(house.demo.id, house.people[1].id, Plan::tier1, shell, "k")
            .value()
            .subscription.founder);  // as kept
}

TEST_CASE("founders of a store of schema 4 are those that its events tell of") {
  House house;
  house.give(0 + 12);  // no founder: a gift
  for (int i = 0; i < 12; ++i) house.subscribe(i);
  {
    auto db = sqlite::Database::open(house.url.substr(7), milliseconds(100)).value();
    REQUIRE(db.run_script(
        "ALTER TABLE subscriptions DROP COLUMN founder; DROP TABLE cheers; DROP TABLE cheerers; "
        "DROP TRIGGER audit_is_never_replaced; "
        "DROP TABLE bits_balances; DROP INDEX held_at_time; DROP INDEX held_and_decided; ALTER TABLE rooms "
        "DROP COLUMN ban_evasion; DROP TABLE mark_key; "
        "DROP TABLE marks; DROP TABLE evasions; DROP TABLE user_emote_access; DROP INDEX users_with_premium; "
        "ALTER TABLE users DROP COLUMN premium; DELETE FROM schema_version WHERE version > 4"));
  }
  auto again = open_store(house.url).value();
  for (int i = 0; i < 13; ++i) {
    INFO(i);
    CHECK(again->subscriptions().find(house.demo.id, house.people[i].id).value()->founder == (i < 10));
  }
  CHECK(again->bits().grant(house.people[0].id, 5, "", shell, "").value().balance == 5);
}
