#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;
using platform::Plan;

namespace {
struct House : Fresh {
  Channel demo = channel();
  User bob = user("bob"), cyd = user("cyd");
  Subscriptions& subs = store->subscriptions();

  nlohmann::json last_event(std::string_view name) {
    auto events = store->events().since(Cursor(0), 1000).value();
    for (auto event = events.rbegin(); event != events.rend(); ++event)
      if (event->name == name) return nlohmann::json::parse(event->payload);
    FAIL("no " << name);
    return {};
  }
  std::size_t count_of(std::string_view name) {
    auto names = event_names();
    return static_cast<std::size_t>(std::ranges::count(names, name));
  }
};
}  // namespace

TEST_CASE("a subscription is for a month, is audited, and is told") {
  House house;
  auto made = house.subs.subscribe(house.demo.id, house.bob.id, Plan::tier2, shell, "").value();
  CHECK_FALSE(made.repeated);
  CHECK(made.subscription.months == 1);
  CHECK(made.subscription.streak == 1);
  CHECK(made.subscription.expires_at == platform::month_after(house.clock.wall()));
  CHECK(house.subs.count(house.demo.id).value() == 1);
  auto payload = house.last_event("channel.subscribe");
  CHECK(payload["tier"] == "2000");
  CHECK(payload["is_gift"] == false);
  CHECK(payload["user_login"] == "bob");
  CHECK(payload["cumulative_months"] == 1);
  CHECK(payload["expires_at"] == format_rfc3339(made.subscription.expires_at));
  AuditEntry entry = house.store->audit().by_id(1).value();
  CHECK(entry.action == "subscription.create");
  CHECK(entry.target_user == house.bob.id);
  CHECK(entry.expires_at == made.subscription.expires_at);

  auto again = house.subs.subscribe(house.demo.id, house.bob.id, Plan::tier1, shell, "");
  CHECK(code_of(again) == Errc::exists);
  CHECK(again.error().what == "bob is subscribed to demo already");
  CHECK(house.store->audit().head().value().id == 1);
  CHECK(house.count_of("channel.subscribe") == 1);
}

TEST_CASE("Prime is a first tier of another name") {
  House house;
  REQUIRE(house.subs.subscribe(house.demo.id, house.bob.id, Plan::prime, shell, ""));
  auto payload = house.last_event("channel.subscribe");
  CHECK(payload["tier"] == "1000");
  CHECK(payload["plan"] == "Prime");
  CHECK(house.subs.find(house.demo.id, house.bob.id).value()->plan == Plan::prime);
}

TEST_CASE("who cannot subscribe") {
  House house;
  CHECK(code_of(house.subs.subscribe(house.demo.id, house.demo.owner, Plan::tier1, shell, "")) ==
        Errc::invalid);
  CHECK(code_of(house.subs.subscribe(ChannelId(9), house.bob.id, Plan::tier1, shell, "")) == Errc::not_found);
  CHECK(code_of(house.subs.subscribe(house.demo.id, UserId(9), Plan::tier1, shell, "")) == Errc::not_found);
  CHECK(code_of(house.subs.renew(house.demo.id, house.bob.id, Plan::tier1, shell, "")) == Errc::conflict);
  CHECK(code_of(house.subs.cancel(house.demo.id, house.bob.id, "", shell)) == Errc::conflict);
  CHECK(code_of(house.subs.share(house.demo.id, house.bob.id, "hi", true)) == Errc::conflict);
  CHECK(house.store->audit().head().value().id == 0);
}

TEST_CASE("a key is done once, whatever happens in between, for a day") {
  House house;
  auto first = house.subs.subscribe(house.demo.id, house.bob.id, Plan::tier1, shell, "k1").value();
  auto again = house.subs.subscribe(house.demo.id, house.bob.id, Plan::tier1, shell, "k1").value();
  CHECK(again.repeated);
  CHECK(again.subscription.expires_at == first.subscription.expires_at);
  CHECK(again.subscription.user_name == "bob");
  CHECK(house.count_of("channel.subscribe") == 1);
  REQUIRE(house.subs.cancel(house.demo.id, house.bob.id, "", shell));
  CHECK(house.subs.subscribe(house.demo.id, house.bob.id, Plan::tier1, shell, "k1").value().repeated);
  CHECK(house.subs.count(house.demo.id).value() == 0);
  // Another request's key, and one that is too long.
  CHECK(code_of(house.subs.subscribe(house.demo.id, house.cyd.id, Plan::tier1, shell, "k1")) ==
        Errc::conflict);
  CHECK(code_of(house.subs.subscribe(house.demo.id, house.cyd.id, Plan::tier1, shell,
                                     std::string(201, 'k'))) == Errc::invalid);
  // What failed may be tried again with its key.
  CHECK(code_of(house.subs.renew(house.demo.id, house.cyd.id, Plan::tier1, shell, "k2")) == Errc::conflict);
  REQUIRE(house.subs.subscribe(house.demo.id, house.cyd.id, Plan::tier1, shell, ""));
  CHECK_FALSE(house.subs.renew(house.demo.id, house.cyd.id, Plan::tier1, shell, "k2").value().repeated);
  house.clock.advance(std::chrono::hours(25));
  CHECK_FALSE(house.subs.subscribe(house.demo.id, house.bob.id, Plan::tier1, shell, "k1").value().repeated);
  // A key of keep()'s is another.
  REQUIRE(house.store->idempotency().keep("k3", "x"));
  CHECK_FALSE(house.subs.renew(house.demo.id, house.bob.id, Plan::tier1, shell, "k3").value().repeated);
}

TEST_CASE("renewing adds a month to what is left, and the room can be told of it once") {
  House house;
  auto first = house.subs.subscribe(house.demo.id, house.bob.id, Plan::tier1, shell, "").value().subscription;
  CHECK(code_of(house.subs.share(house.demo.id, house.bob.id, "", true)) == Errc::conflict);
  auto second = house.subs.renew(house.demo.id, house.bob.id, Plan::tier3, shell, "").value().subscription;
  CHECK(second.months == 2);
  CHECK(second.streak == 2);
  CHECK(second.since == first.since);
  CHECK(second.expires_at == platform::month_after(first.expires_at));
  CHECK_FALSE(second.shared);
  CHECK(code_of(house.subs.share(house.demo.id, house.bob.id, std::string(501, 'x'), true)) == Errc::invalid);
  CHECK(house.subs.share(house.demo.id, house.bob.id, "two months!", true).value().shared);
  auto payload = house.last_event("channel.subscription.message");
  CHECK(payload["message"]["text"] == "two months!");
  CHECK(payload["cumulative_months"] == 2);
  CHECK(payload["streak_months"] == 2);
  CHECK(payload["tier"] == "3000");
  CHECK(code_of(house.subs.share(house.demo.id, house.bob.id, "again", true)) == Errc::conflict);
  REQUIRE(house.subs.renew(house.demo.id, house.bob.id, Plan::tier1, shell, ""));
  REQUIRE(house.subs.share(house.demo.id, house.bob.id, "", false));
  CHECK(house.last_event("channel.subscription.message")["streak_months"].is_null());
}

TEST_CASE("time ends a subscription, which is told once; months count on, a streak over a short pause") {
  House house;
  auto first = house.subs.subscribe(house.demo.id, house.bob.id, Plan::tier1, shell, "").value().subscription;
  CHECK(house.subs.end_lapsed(10).value() == 0);
  house.clock.set_wall(first.expires_at);
  CHECK(house.subs.count(house.demo.id).value() == 0);
  CHECK(house.subs.all({}, {}, 10).value().empty());
  CHECK_FALSE(house.subs.find(house.demo.id, house.bob.id).value()->active(house.clock.wall()));
  CHECK(house.subs.end_lapsed(10).value() == 1);
  CHECK(house.subs.end_lapsed(10).value() == 0);
  CHECK(house.last_event("channel.subscription.end")["reason"] == "expired");

  house.clock.advance(std::chrono::days(29));
  auto back = house.subs.subscribe(house.demo.id, house.bob.id, Plan::tier1, shell, "").value().subscription;
  CHECK(back.months == 2);
  CHECK(back.streak == 2);
  CHECK(back.since == house.clock.wall());
  // Gone for longer, and back before anybody noticed: the end is told first.
  house.clock.set_wall(back.expires_at + std::chrono::days(30));
  auto late = house.subs.subscribe(house.demo.id, house.bob.id, Plan::tier1, shell, "").value().subscription;
  CHECK(late.months == 3);
  CHECK(late.streak == 1);
  CHECK(house.count_of("channel.subscription.end") == 2);
  CHECK(house.event_names().back() == "channel.subscribe");
}

TEST_CASE("a cancelled subscription is over at once") {
  House house;
  REQUIRE(house.subs.subscribe(house.demo.id, house.bob.id, Plan::tier1, shell, ""));
  REQUIRE(house.subs.subscribe(house.demo.id, house.cyd.id, Plan::tier1, shell, ""));
  CHECK(house.subs.cancel(house.demo.id, house.bob.id, "refunded", shell).value().ended);
  CHECK(house.last_event("channel.subscription.end")["reason"] == "cancelled");
  CHECK(house.store->audit().by_id(3).value().reason == "refunded");
  auto left = house.subs.of_channel(house.demo.id, UserId(), 10).value();
  REQUIRE(left.size() == 1);
  CHECK(left[0].user_name == "cyd");
  house.clock.advance(std::chrono::days(60));
  CHECK(house.subs.end_lapsed(10).value() == 1);  // cyd's alone
}

TEST_CASE("a month ends on the same day, or on the month's last") {
  using namespace std::chrono;
  const auto at = [](year_month_day day) { return Wall(sys_days(day)) + hours(13) + milliseconds(7); };
  CHECK(platform::month_after(at(2024y / 1 / 31)) == at(2024y / 2 / 29));
  CHECK(platform::month_after(at(2023y / 12 / 15)) == at(2024y / 1 / 15));
  CHECK(platform::month_after(at(2023y / 2 / 28)) == at(2023y / 3 / 28));
}
