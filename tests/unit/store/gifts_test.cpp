#include <set>

#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;
using platform::Plan;

namespace {
struct House : Fresh {
  Channel demo = channel();
  User bob = user("bob"), cyd = user("cyd"), dan = user("dan");
  Subscriptions& subs = store->subscriptions();
  Result<Gift> give(std::vector<UserId> to, std::string_view key = "", bool anonymous = false) {
    return subs.gift(
        {.channel = demo.id, .gifter = bob.id, .anonymous = anonymous, .recipients = std::move(to)}, shell,
        key);
  }
  Result<Gift> give(std::size_t count, std::string_view key = "") {
    return subs.gift({.channel = demo.id, .gifter = bob.id, .plan = Plan::tier2, .count = count}, shell, key);
  }
  std::vector<nlohmann::json> events_after(Cursor cursor) {
    std::vector<nlohmann::json> told;
    auto events = store->events().since(cursor, 1000).value();
    for (auto& event : events) {
      told.push_back(nlohmann::json::parse(event.payload));
      told.back()["event"] = event.name;
    }
    return told;
  }
};
}  // namespace

TEST_CASE("a gift to one says who gave it to whom") {
  House house;
  const Cursor before = house.store->events().last().value();
  Gift gift = house.give({house.cyd.id}).value();
  REQUIRE(gift.subscriptions.size() == 1);
  CHECK(gift.subscriptions[0].gift == gift.id);
  CHECK(gift.total == 1);
  auto told = house.events_after(before);
  REQUIRE(told.size() == 2);
  CHECK(told[0]["event"] == "channel.subscription.gift");
  CHECK(told[0]["user_login"] == "bob");
  CHECK(told[0]["total"] == 1);
  CHECK(told[0]["cumulative_total"] == 1);
  CHECK(told[0]["is_community_gift"] == false);
  CHECK(told[1]["event"] == "channel.subscribe");
  CHECK(told[1]["user_login"] == "cyd");
  CHECK(told[1]["gifter_user_login"] == "bob");
  CHECK(told[1]["is_gift"] == true);
  AuditEntry entry = house.store->audit().by_id(1).value();
  CHECK(entry.action == "subscription.gift");
  CHECK(entry.target_user == house.cyd.id);
}

TEST_CASE("an anonymous giver is kept and not told") {
  House house;
  const Cursor before = house.store->events().last().value();
  REQUIRE(house.give({house.cyd.id}, "", true));
  for (auto& told : house.events_after(before)) {
    CHECK(told.dump().find("bob") == std::string::npos);
    CHECK(told["is_anonymous"] == true);
    CHECK(told["cumulative_total"].is_null());
  }
  CHECK(house.store->audit().by_id(1).value().context.find("bob") != std::string::npos);
}

TEST_CASE("gifts are given all or none") {
  House house;
  REQUIRE(house.subs.subscribe(house.demo.id, house.dan.id, Plan::tier1, shell, ""));
  const Cursor before = house.store->events().last().value();
  CHECK(code_of(house.give({house.cyd.id, house.dan.id})) == Errc::exists);
  CHECK(code_of(house.give({house.cyd.id, UserId(99)})) == Errc::not_found);
  CHECK(code_of(house.give({house.cyd.id, house.demo.owner})) == Errc::invalid);
  CHECK(code_of(house.give({house.cyd.id, house.cyd.id})) == Errc::invalid);
  CHECK(code_of(house.give({house.bob.id})) == Errc::invalid);
  CHECK(code_of(house.give(std::vector<UserId>{})) == Errc::invalid);
  CHECK(code_of(house.give(101)) == Errc::invalid);
  CHECK(house.subs.find(house.demo.id, house.cyd.id).value() == std::nullopt);
  CHECK(house.store->events().last().value() == before);
  CHECK(house.store->audit().head().value().id == 1);
}

TEST_CASE("chance chooses among followers who have none, are not banned, and did not give it") {
  House house;
  std::set<UserId> could{house.cyd.id};
  for (int i = 0; i < 6; ++i) could.insert(house.user("fan" + std::to_string(i)).id);
  User banned = house.user("banned"), has = house.user("has_one");
  for (UserId id : could) REQUIRE(house.store->follows().follow(house.demo.id, id));
  for (UserId id : {banned.id, has.id, house.bob.id})
    REQUIRE(house.store->follows().follow(house.demo.id, id));
  REQUIRE(house.store->bans().ban(house.demo.id, banned.id, std::nullopt, "", shell));
  REQUIRE(house.subs.subscribe(house.demo.id, has.id, Plan::tier1, shell, ""));
  CHECK(code_of(house.give(8)) == Errc::conflict);

  Gift some = house.give(3, "k").value();
  CHECK(some.total == 3);
  std::set<UserId> given;
  for (auto& each : some.subscriptions) given.insert(each.user);
  CHECK(given.size() == 3);
  Gift again = house.give(3, "k").value();
  CHECK(again.repeated);
  CHECK(again.id == some.id);
  std::set<UserId> the_same;
  for (auto& each : again.subscriptions) the_same.insert(each.user);
  CHECK(the_same == given);
  CHECK(code_of(house.give(2, "k")) == Errc::conflict);

  Gift rest = house.give(4).value();
  CHECK(rest.total == 7);
  for (auto& each : rest.subscriptions) CHECK(given.insert(each.user).second);
  CHECK(given == could);
}

TEST_CASE("another seed chooses others") {
  std::set<std::string> chosen;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    House house;
    house.random = SeededRandom(seed);
    for (UserId id : {house.cyd.id, house.dan.id}) REQUIRE(house.store->follows().follow(house.demo.id, id));
    chosen.insert(house.give(1).value().subscriptions[0].user_name);
  }
  CHECK(chosen == std::set<std::string>{"cyd", "dan"});
}
