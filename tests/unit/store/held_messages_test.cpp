#include <algorithm>

#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

namespace {
struct Queue {
  Fresh fresh;
  Channel demo = fresh.channel();
  User bob = fresh.user("bob");
  HeldMessages& held = fresh->held_messages();
  HeldMessage message(std::string id) {
    return {.id = std::move(id),
            .channel = demo.id,
            .user = bob.id,
            .text = "darn it",
            .whole = R"({"text":"darn it","badges":[]})",
            .category = "swearing",
            .level = 3,
            .boundaries = {{0, 3}}};
  }
  std::vector<std::string> waiting() {
    std::vector<std::string> ids;
    auto queue = held.queue(demo.id, 0, 1000).value();
    for (auto& message : queue) ids.push_back(message.id);
    return ids;
  }
};
}  // namespace

TEST_CASE("a message is held once, whoever holds it") {
  Queue queue;
  HeldMessage first = queue.held.hold(queue.message("m1")).value();
  CHECK(first.number == 1);
  CHECK(first.user_name == "bob");
  CHECK(first.held_at == queue.fresh.clock.wall());
  CHECK(first.state == HeldState::held);
  CHECK_FALSE(first.decided_at);
  queue.fresh.clock.advance(seconds(9));
  HeldMessage other = queue.message("m1");
  other.text = "another text";
  HeldMessage second = queue.held.hold(other).value();
  CHECK(second.text == "darn it");
  CHECK(second.held_at == first.held_at);
  CHECK(queue.fresh.event_names() == std::vector<std::string>{"channel.create", "automod.message.hold"});
  HeldMessage read = queue.held.by_id("m1").value();
  CHECK(read.whole == R"({"text":"darn it","badges":[]})");
  CHECK(read.category == "swearing");
  CHECK(read.level == 3);
  CHECK(read.boundaries == std::vector<Boundary>{{0, 3}});
  CHECK(code_of(queue.held.by_id("m2")) == Errc::not_found);
}

TEST_CASE("what cannot be held") {
  Queue queue;
  auto refused = [&](auto change) {
    HeldMessage message = queue.message("m1");
    change(message);
    return code_of(queue.held.hold(message));
  };
  CHECK(refused([](HeldMessage& m) { m.id = ""; }) == Errc::invalid);
  CHECK(refused([](HeldMessage& m) { m.whole = "[]"; }) == Errc::invalid);
  CHECK(refused([](HeldMessage& m) { m.whole = ""; }) == Errc::invalid);
  CHECK(refused([](HeldMessage& m) { m.reason = "mood"; }) == Errc::invalid);
  CHECK(refused([](HeldMessage& m) { m.channel = ChannelId(99); }) == Errc::not_found);
  CHECK(refused([](HeldMessage& m) { m.user = UserId(99); }) == Errc::not_found);
  CHECK(queue.waiting().empty());
}

TEST_CASE("a held message is decided once, and a second moderator learns by whom") {
  Queue queue;
  Actor alice{queue.demo.owner, "alice", "192.0.2.7"};
  REQUIRE(queue.held.hold(queue.message("m1")));
  REQUIRE(queue.held.hold(queue.message("m2")));
  queue.fresh.clock.advance(seconds(1));
  HeldMessage allowed = queue.held.decide("m1", HeldVerdict::allow, "", alice).value();
  CHECK(allowed.state == HeldState::allowed);
  CHECK(allowed.decided_by.name == "alice");
  CHECK(allowed.decided_at == queue.fresh.clock.wall());
  CHECK(queue.waiting() == std::vector<std::string>{"m2"});
  for (HeldVerdict verdict : {HeldVerdict::allow, HeldVerdict::deny}) {
    auto again = queue.held.decide("m1", verdict, "", shell);
    CHECK(code_of(again) == Errc::conflict);
    CHECK(again.error().what == "message m1 was allowed by alice at 2023-11-14T22:13:21.000Z");
  }
  CHECK(queue.held.decide("m2", HeldVerdict::deny, "rude", shell).value().state == HeldState::denied);
  CHECK(queue.held.by_id("m2").value().decided_by.name == "unix:root");
  CHECK(queue.held.by_id("m1").value().state == HeldState::allowed);
  CHECK(code_of(queue.held.decide("m3", HeldVerdict::deny, "", shell)) == Errc::not_found);
  CHECK(queue.held.hold(queue.message("m1")).value().state == HeldState::allowed);  // nor held again
  CHECK(queue.waiting().empty());
}

TEST_CASE("the queue is read page by page, channel by channel") {
  Queue queue;
  Channel other = queue.fresh.channel("other");
  for (int i = 1; i <= 6; ++i) {
    HeldMessage message = queue.message("m" + std::to_string(i));
    if (i == 3) message.channel = other.id;
    REQUIRE(queue.held.hold(message));
  }
  auto page = queue.held.queue(queue.demo.id, 0, 3).value();
  REQUIRE(page.size() == 3);
  CHECK(page[2].id == "m4");
  page = queue.held.queue(queue.demo.id, page[2].number, 3).value();
  REQUIRE(page.size() == 2);
  CHECK(page[1].id == "m6");
}

TEST_CASE("what nobody decided expires, all of it") {
  Queue queue;
  constexpr int many = 450;  // more than go into two transactions
  for (int i = 0; i < many; ++i) REQUIRE(queue.held.hold(queue.message("m" + std::to_string(i))));
  REQUIRE(queue.held.decide("m7", HeldVerdict::deny, "", shell));
  const Wall then = queue.fresh.clock.wall();
  queue.fresh.clock.advance(seconds(1));
  REQUIRE(queue.held.hold(queue.message("late")));
  CHECK(queue.held.expire(then - milliseconds(1)).value() == 0);
  CHECK(queue.held.expire(then).value() == many - 1);
  CHECK(queue.held.expire(then).value() == 0);
  CHECK(queue.waiting() == std::vector<std::string>{"late"});
  CHECK(queue.held.by_id("m7").value().state == HeldState::denied);
  auto late = queue.held.decide("m8", HeldVerdict::allow, "", shell);
  CHECK(code_of(late) == Errc::conflict);
  CHECK(late.error().what == "message m8 expired at 2023-11-14T22:13:21.000Z");
  auto names = queue.fresh.event_names();
  CHECK(std::ranges::count(names, "automod.message.update") == many);
  auto last = nlohmann::json::parse(queue.fresh->events().since(Cursor(2 * many + 1)).value().back().payload);
  CHECK(last["status"] == "expired");
  CHECK(last["moderator_user_id"] == "");
}

TEST_CASE("holding and deciding are told by EventSub's names, and deciding is audited with the message") {
  Queue queue;
  HeldMessage blocked = queue.message("m2");
  blocked.reason = "blocked_term";
  blocked.category = "";
  REQUIRE(queue.held.hold(queue.message("m1")));
  REQUIRE(queue.held.hold(blocked));
  REQUIRE(queue.held.decide("m1", HeldVerdict::allow, "", {queue.demo.owner, "alice", "192.0.2.7"}));
  REQUIRE(queue.held.decide("m2", HeldVerdict::deny, "rude", shell));
  auto events = queue.fresh->events().since(Cursor(1)).value();
  REQUIRE(events.size() == 4);
  CHECK(events[0].name == "automod.message.hold");
  CHECK(events[0].channel == queue.demo.id);
  auto expected = nlohmann::json::parse(R"({"channel":"demo","broadcaster_user_id":"1001",
    "broadcaster_user_login":"alice","broadcaster_user_name":"alice","user_id":"1002","user_login":"bob",
    "user_name":"bob","message_id":"m1","message":{"text":"darn it","fragments":[{"type":"text",
    "text":"darn it","emote":null,"cheermote":null}]},"reason":"automod","automod":{"category":"swearing",
    "level":3,"boundaries":[{"start_pos":0,"end_pos":3}]},"blocked_term":null,
    "held_at":"2023-11-14T22:13:20.000Z"})");
  CHECK(nlohmann::json::parse(events[0].payload) == expected);
  auto term = nlohmann::json::parse(events[1].payload);
  CHECK(term["automod"].is_null());
  CHECK(term["blocked_term"] ==
        nlohmann::json::parse(R"({"terms_found":[{"boundary":{"start_pos":0,"end_pos":3}}]})"));
  CHECK(events[2].name == "automod.message.update");
  expected.update({{"status", "approved"},
                   {"moderator_user_id", "1001"},
                   {"moderator_user_login", "alice"},
                   {"moderator_user_name", "alice"}});
  CHECK(nlohmann::json::parse(events[2].payload) == expected);
  CHECK(nlohmann::json::parse(events[3].payload)["status"] == "denied");

  auto audit = queue.fresh->audit().since(0, 10).value();
  REQUIRE(audit.size() == 2);
  CHECK(audit[0].action == "automod.allow");
  CHECK(audit[0].target == "message:m1");
  CHECK(audit[0].target_user == queue.bob.id);
  CHECK(audit[0].channel == queue.demo.id);
  CHECK(nlohmann::json::parse(audit[0].context)["text"] == "darn it");
  CHECK(nlohmann::json::parse(audit[0].context)["category"] == "swearing");
  CHECK(audit[1].action == "automod.deny");
  CHECK(audit[1].reason == "rude");
}

TEST_CASE("what was held is found later by its time, whatever became of it") {
  Queue queue;
  const Wall begun = queue.fresh.clock.wall();
  for (const char* id : {"m1", "m2", "m3", "m4"}) {
    REQUIRE(queue.held.hold(queue.message(id)));
    queue.fresh.clock.advance(seconds(1));
  }
  REQUIRE(queue.held.decide("m1", HeldVerdict::allow, "", shell));
  REQUIRE(queue.held.decide("m2", HeldVerdict::deny, "", shell));
  REQUIRE(queue.held.expire(begun + seconds(2)) == 1);
  auto found = [&](Wall from, Wall until, std::int64_t after, std::size_t limit, UserId user = UserId()) {
    std::string text;
    auto some = queue.held.of_channel(queue.demo.id, user, from, until, after, limit).value();
    for (auto& message : some) text += message.id + " " + std::string(name(message.state)) + ", ";
    return text;
  };
  CHECK(found(begun, begun + seconds(9), 0, 9) == "m1 allowed, m2 denied, m3 expired, m4 held, ");
  CHECK(found(begun + seconds(1), begun + seconds(3), 0, 9) == "m2 denied, m3 expired, ");
  CHECK(found(begun, begun + seconds(9), 2, 1) == "m3 expired, ");
  CHECK(found(begun, begun + seconds(9), 0, 9, queue.bob.id) == found(begun, begun + seconds(9), 0, 9));
  CHECK(found(begun, begun + seconds(9), 0, 9, queue.demo.owner).empty());
  const Channel other = queue.fresh.channel("other");
  CHECK(queue.held.of_channel(other.id, UserId(), begun, begun + seconds(9), 0, 9)->empty());
}

TEST_CASE("of messages that are held together each is held or refused by itself") {
  Queue queue;
  REQUIRE(queue.held.hold(queue.message("m1")));
  REQUIRE(queue.fresh->bits().grant(queue.bob.id, 90, "", shell, ""));
  const std::size_t events = queue.fresh.event_names().size();
  HeldMessage poor = queue.message("m2"), nowhere = queue.message("m3"), nameless = queue.message("");
  poor.cheers = true;
  poor.text = "cheer91 darn it";
  nowhere.channel = ChannelId(99);
  const auto all = queue.held.hold_all({queue.message("m1"), poor, queue.message("m4"), nowhere, nameless,
                                        queue.message("m4"), queue.message("m5")});
  REQUIRE(all.size() == 7);
  CHECK(all[0].value().id == "m1");
  CHECK(code_of(all[1]) == Errc::conflict);
  CHECK(all[2].value().id == "m4");
  CHECK(code_of(all[3]) == Errc::not_found);
  CHECK(code_of(all[4]) == Errc::invalid);
  CHECK(all[5].value().number == all[2].value().number);
  CHECK(queue.waiting() == std::vector<std::string>{"m1", "m4", "m5"});
  CHECK(queue.fresh.event_names().size() == events + 2);
  CHECK(queue.held.hold_all({}).empty());
}

TEST_CASE("what was held long ago is forgotten when it waits no more") {
  Queue queue;
  constexpr int many = 1100;  // more than go into a transaction
  for (int i = 0; i < many; ++i) REQUIRE(queue.held.hold(queue.message("m" + std::to_string(i))));
  REQUIRE(queue.held.expire(queue.fresh.clock.wall()).value() == many);
  REQUIRE(queue.held.hold(queue.message("waits")));
  queue.fresh.clock.advance(seconds(1));
  REQUIRE(queue.held.hold(queue.message("late")));
  REQUIRE(queue.held.decide("late", HeldVerdict::deny, "", shell));
  CHECK(queue.held.forget(queue.fresh.clock.wall() - seconds(1)).value() == 0);
  CHECK(queue.held.forget(queue.fresh.clock.wall()).value() == many);
  CHECK(code_of(queue.held.by_id("m7")) == Errc::not_found);
  CHECK(queue.held.by_id("late").value().state == HeldState::denied);
  CHECK(queue.waiting() == std::vector<std::string>{"waits"});
}
