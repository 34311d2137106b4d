#include <atomic>
#include <thread>

#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

namespace {
struct House : Fresh {
  Channel demo = channel();
  User bob = user("bob"), cyd = user("cyd");
  Bits& bits = store->bits();
  CheerOrder order(std::string text, std::string id = "") {
    return {.channel = demo.id, .user = bob.id, .text = std::move(text), .message_id = std::move(id)};
  }
  Result<Cheered> cheer(std::string text, std::string_view key = "") {
    return bits.cheer(order(std::move(text)), shell, key);
  }
  std::int64_t balance() { return bits.balance(bob.id).value().value(); }
  std::int64_t total() { return bits.total(demo.id, bob.id).value(); }
  nlohmann::json last_event() {
    const Cursor last = store->events().last().value();
    const auto events = store->events().since(Cursor(last.value() - 1), 1).value();
    const Event& event = events.at(0);
    nlohmann::json payload = nlohmann::json::parse(event.payload);
    payload["event"] = event.name;
    return payload;
  }
  HeldMessage held(std::string id, std::string text = "cheer10 hm") {
    return {.id = std::move(id),
            .channel = demo.id,
            .user = bob.id,
            .text = std::move(text),
            .whole = "{}",
            .cheers = true};
  }
};
}  // namespace

TEST_CASE("bits are granted and add up") {
  House house;
  CHECK(house.bits.balance(house.bob.id).value() == std::nullopt);
  CHECK(house.bits.grant(house.bob.id, 100, "a birthday", shell, "").value().balance == 100);
  CHECK(house.bits.grant(house.bob.id, 50, "", shell, "k").value().balance == 150);
  const Granted again = house.bits.grant(house.bob.id, 50, "", shell, "k").value();
  CHECK((again.repeated && again.balance == 150));
  CHECK(house.balance() == 150);
  CHECK(code_of(house.bits.grant(house.bob.id, 51, "", shell, "k")) == Errc::conflict);
  CHECK(code_of(house.bits.grant(house.bob.id, 0, "", shell, "")) == Errc::invalid);
  CHECK(code_of(house.bits.grant(house.bob.id, platform::most_granted + 1, "", shell, "")) == Errc::invalid);
  CHECK(code_of(house.bits.grant(UserId(99), 1, "", shell, "")) == Errc::not_found);
  CHECK(code_of(house.bits.balance(UserId(99))) == Errc::not_found);
  const AuditEntry entry = house.store->audit().by_id(1).value();
  CHECK(entry.action == "bits.grant");
  CHECK(entry.target_user == house.bob.id);
  CHECK(entry.reason == "a birthday");
  CHECK(house.store->audit().head().value().id == 2);
}

TEST_CASE("a cheer takes its bits, counts in the channel, and is told") {
  House house;
  REQUIRE(house.bits.grant(house.bob.id, 500, "", shell, ""));
  const Cheered cheered = house.cheer("Cheer100 hello cheer50", "k").value();
  CHECK(cheered.cheer.bits == 150);
  CHECK(cheered.cheer.state == CheerState::paid);
  CHECK(cheered.cheer.message_id.size() == 36);
  CHECK((cheered.total == 150 && cheered.balance == 350 && !cheered.repeated));
  const nlohmann::json told = house.last_event();
  CHECK(told["event"] == "channel.cheer");
  CHECK(told["is_anonymous"] == false);
  CHECK(told["message"] == "Cheer100 hello cheer50");
  CHECK(told["bits"] == 150);
  CHECK(told["user_login"] == "bob");
  CHECK(told["broadcaster_user_login"] == "alice");
  CHECK(told["cumulative_bits"] == 150);
  const AuditEntry entry = house.store->audit().by_id(2).value();
  CHECK(entry.action == "bits.cheer");
  CHECK(nlohmann::json::parse(entry.context)["key"] == "k");
  const Cheered again = house.cheer("Cheer100 hello cheer50", "k").value();
  CHECK((again.repeated && again.cheer.message_id == cheered.cheer.message_id && again.balance == 350));
  CHECK(code_of(house.cheer("cheer1", "k")) == Errc::conflict);
  CHECK(house.cheer("cheer50").value().total == 200);
}

TEST_CASE("an anonymous cheer names nobody and counts for nobody") {
  House house;
  REQUIRE(house.bits.grant(house.bob.id, 10, "", shell, ""));
  CheerOrder order = house.order("cheer10");
  order.anonymous = true;
  CHECK(house.bits.cheer(order, shell, "").value().total == 0);
  const nlohmann::json told = house.last_event();
  CHECK(told["is_anonymous"] == true);
  CHECK(told["cumulative_bits"].is_null());
  CHECK(told.dump().find("bob") == std::string::npos);
  CHECK(house.balance() == 0);
  CHECK(house.store->audit().by_id(2).value().target_user == house.bob.id);
}

TEST_CASE("a cheer that is refused takes nothing") {
  House house;
  CHECK(code_of(house.cheer("cheer1")) == Errc::conflict);  // never had any
  REQUIRE(house.bits.grant(house.bob.id, 100, "", shell, ""));
  const Cursor before = house.store->events().last().value();
  CHECK(house.cheer("cheer101").error().what == "bob has 100 bits, and the message cheers with 101");
  CHECK(code_of(house.cheer("cheer101", "k")) == Errc::conflict);
  CHECK(code_of(house.cheer("hello")) == Errc::invalid);
  CHECK(code_of(house.cheer("")) == Errc::invalid);
  CHECK(code_of(house.cheer("cheer100001")) == Errc::invalid);
  CHECK(code_of(house.cheer("cheer1 " + std::string(494, 'x'))) == Errc::invalid);
  CHECK(code_of(house.bits.cheer({.channel = house.demo.id, .user = house.demo.owner, .text = "cheer1"},
                                 shell, "")) == Errc::invalid);
  CHECK(code_of(house.bits.cheer({.channel = ChannelId(9), .user = house.bob.id, .text = "cheer1"}, shell,
                                 "")) == Errc::not_found);
  CHECK(code_of(house.bits.cheer({.channel = house.demo.id, .user = UserId(99), .text = "cheer1"}, shell,
                                 "")) == Errc::not_found);
  REQUIRE(house.store->bans().ban(house.demo.id, house.bob.id, seconds(60), "", shell));
  CHECK(code_of(house.cheer("cheer1")) == Errc::denied);
  CHECK(house.balance() == 100);
  CHECK(house.total() == 0);
  house.clock.advance(seconds(61));
  CHECK(house.cheer("cheer1"));
  REQUIRE(house.store->bans().ban(house.demo.id, house.bob.id, std::nullopt, "", shell));
  CHECK(code_of(house.cheer("cheer1")) == Errc::denied);
  CHECK(house.cheer("cheer1 " + std::string(490, 'x')).error().code == Errc::denied);
  CHECK(house.store->events().last().value() > before);
  CHECK(house.cheer("cheer100", "k").error().code == Errc::denied);  // what failed kept no key
}

TEST_CASE("a message is paid once, and its bits are given back once") {
  House house;
  REQUIRE(house.bits.grant(house.bob.id, 100, "", shell, ""));
  REQUIRE(house.bits.cheer(house.order("cheer40", "m1"), shell, ""));
  CHECK(house.bits.cheer(house.order("cheer40", "m1"), shell, "").value().repeated);
  CHECK(house.balance() == 60);
  CHECK(house.bits.give_back("m1", "banned", shell).value());
  CHECK(house.last_event()["event"] == "channel.cheer.return");
  CHECK(house.last_event()["cumulative_bits"] == 0);
  CHECK_FALSE(house.bits.give_back("m1", "banned", shell).value());
  CHECK(house.balance() == 100);
  CHECK(house.total() == 0);
  CHECK(house.bits.by_message("m1").value().state == CheerState::returned);
  CHECK(house.bits.cheer(house.order("cheer40", "m1"), shell, "").value().cheer.state ==
        CheerState::returned);
  CHECK(house.balance() == 100);
  CHECK(code_of(house.bits.give_back("m2", "", shell)) == Errc::not_found);
  CHECK(code_of(house.bits.by_message("m2")) == Errc::not_found);
}

TEST_CASE("one node says a cheer") {
  House house;
  REQUIRE(house.bits.grant(house.bob.id, 100, "", shell, ""));
  REQUIRE(house.bits.cheer(house.order("cheer1", "m1"), shell, ""));
  CHECK(house.bits.claim("m1", "a").value());
  CHECK_FALSE(house.bits.claim("m1", "b").value());
  CHECK(house.bits.claim("m1", "a").value());
  CHECK_FALSE(house.bits.claim("m9", "a").value());
  CHECK(house.bits.by_message("m1").value().node == "a");
}

TEST_CASE("a held cheer's bits wait with it") {
  House house;
  REQUIRE(house.bits.grant(house.bob.id, 100, "", shell, ""));
  REQUIRE(house.store->held_messages().hold(house.held("m1")));
  REQUIRE(house.store->held_messages().hold(house.held("m1")));
  CHECK(house.balance() == 90);
  CHECK(house.total() == 0);
  CHECK(house.bits.by_message("m1").value().state == CheerState::reserved);
  CHECK(code_of(house.store->held_messages().hold(house.held("m2", "cheer91"))) == Errc::conflict);
  CHECK(code_of(house.store->held_messages().by_id("m2")) == Errc::not_found);

  const Cursor before = house.store->events().last().value();
  REQUIRE(house.store->held_messages().decide("m1", HeldVerdict::allow, "", shell));
  const auto told = house.store->events().since(before, 10).value();
  REQUIRE(told.size() == 2);
  CHECK(told[0].name == "channel.cheer");
  CHECK(told[1].name == "automod.message.update");
  CHECK(house.total() == 10);
  CHECK(house.balance() == 90);
}

TEST_CASE("a held cheer is booked by its author, from where it was said") {
  House house;
  REQUIRE(house.bits.grant(house.bob.id, 100, "", shell, ""));
  for (const auto& [id, whole, address] :
       {std::tuple("m1", R"({"address":"192.0.2.7"})", "192.0.2.7"), std::tuple("m2", "{}", "chat"),
        std::tuple("m3", R"({"address":7})", "chat")}) {
    HeldMessage held = house.held(id);
    held.whole = whole;
    REQUIRE(house.store->held_messages().hold(held));
    REQUIRE(house.store->held_messages().decide(id, HeldVerdict::allow, "", shell));
    const auto booked = house.store->audit().find({.action = "bits.cheer"}, AuditOrder::newest_first, 0, 1);
    CHECK(booked.value().at(0).actor.name == "bob");
    CHECK(booked.value().at(0).actor.address == address);
    // It is not kept beside the message.
    CHECK_THAT(house.store->held_messages().by_id(id).value().whole, !Catch::Contains("address"));
    CHECK_THAT(house.bits.by_message(id).value().whole, !Catch::Contains("address"));
  }
}

TEST_CASE("a held cheer that is not said gives its bits back") {
  House house;
  REQUIRE(house.bits.grant(house.bob.id, 100, "", shell, ""));
  REQUIRE(house.store->held_messages().hold(house.held("m1")));
  REQUIRE(house.store->held_messages().decide("m1", HeldVerdict::deny, "", shell));
  CHECK(house.balance() == 100);
  REQUIRE(house.store->held_messages().hold(house.held("m2")));
  house.clock.advance(seconds(10));
  CHECK(house.store->held_messages().expire(house.clock.wall()).value() == 1);
  CHECK(house.balance() == 100);
  REQUIRE(house.store->held_messages().hold(house.held("m3")));
  REQUIRE(house.store->bans().ban(house.demo.id, house.bob.id, std::nullopt, "", shell));
  REQUIRE(house.store->held_messages().decide("m3", HeldVerdict::allow, "", shell));  // and is not said
  CHECK(house.balance() == 100);
  CHECK(house.total() == 0);
  for (auto& event : house.event_names()) CHECK_FALSE(event.starts_with("channel.cheer"));
}

TEST_CASE("a cheer that was paid before it was held is given back when it is denied") {
  House house;
  REQUIRE(house.bits.grant(house.bob.id, 100, "", shell, ""));
  REQUIRE(house.bits.cheer(house.order("cheer10", "m1"), shell, ""));
  REQUIRE(house.store->held_messages().hold(house.held("m1")));
  CHECK(house.balance() == 90);
  REQUIRE(house.store->held_messages().decide("m1", HeldVerdict::deny, "", shell));
  CHECK(house.balance() == 100);
  CHECK(house.total() == 0);
}

TEST_CASE("who never had bits cannot be held as nobody: the words are no cheer") {
  House house;
  HeldMessage held = house.held("m1");
  held.anonymous = true;
  CHECK(code_of(house.store->held_messages().hold(held)) == Errc::conflict);
  CHECK(code_of(house.store->held_messages().by_id("m1")) == Errc::not_found);
}

TEST_CASE("cheer words of who never had bits are held as words") {
  House house;
  REQUIRE(house.store->held_messages().hold(house.held("m1")));
  CHECK(code_of(house.bits.by_message("m1")) == Errc::not_found);
  REQUIRE(house.store->held_messages().decide("m1", HeldVerdict::allow, "", shell));
}

TEST_CASE("who cheered with how much, the most first") {
  House house;
  for (const User& user : {house.bob, house.cyd}) REQUIRE(house.bits.grant(user.id, 100, "", shell, ""));
  REQUIRE(house.cheer("cheer10"));
  REQUIRE(house.bits.cheer({.channel = house.demo.id, .user = house.cyd.id, .text = "cheer20"}, shell, ""));
  const auto top = house.bits.of_channel(house.demo.id, 10).value();
  REQUIRE(top.size() == 2);
  CHECK((top[0].user_name == "cyd" && top[0].bits == 20));
  CHECK(house.bits.of_channel(house.demo.id, 1).value().size() == 1);
  const auto all = house.bits.all(ChannelId(), UserId(), 10).value();
  REQUIRE(all.size() == 2);
  CHECK(all[0].user == house.bob.id);
  CHECK(house.bits.all(all[0].channel, all[0].user, 10).value().size() == 1);
}

TEST_CASE("many at once with one key cheer once") {
  House house;
  REQUIRE(house.bits.grant(house.bob.id, 1000, "", shell, ""));
  std::atomic<int> first = 0, repeated = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        auto store = open_store(house.url).value();  // as another process has it
        const auto cheered = store->bits().cheer(house.order("cheer100"), shell, "one");
        if (cheered) ++(cheered->repeated ? repeated : first);
      });
  }
  CHECK(first == 1);
  CHECK(repeated == 7);
  CHECK(house.balance() == 900);
}

TEST_CASE("many at once cannot spend more than there is") {
  House house;
  REQUIRE(house.bits.grant(house.bob.id, 500, "", shell, ""));
  std::atomic<int> cheered = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&, i] {
        auto store = open_store(house.url).value();
        for (int k = 0; k < 2; ++k)
          cheered += store->bits()
                         .cheer(house.order("cheer100"), shell, std::to_string(i) + "/" + std::to_string(k))
                         .has_value();
      });
  }
  CHECK(cheered == 5);
  CHECK(house.balance() == 0);
  CHECK(house.total() == 500);
}
