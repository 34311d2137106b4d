// The message path with gates that answer later: order, repeats, limits, and what changes meanwhile.
#include <algorithm>
#include <deque>

#include <catch2/catch.hpp>

#include "chat/message_id.hpp"
#include "unit/chat/path_hall.hpp"

using namespace sluice;
using namespace sluice::chat;
using Catch::Matchers::Contains;

namespace {
// Answers when it is told to.
struct SlowGate : Gate {
  struct Asked {
    std::string text;
    Then then;
  };
  std::deque<Asked> asked;
  std::size_t questions = 0;
  bool at_once = false;
  void ask(const Room&, const Message& line, Then then) override {
    ++questions;
    if (at_once) return then(std::nullopt);
    asked.push_back({line.text, std::move(then)});
  }
  void answer(const std::string& text, std::optional<Refusal> refused = std::nullopt) {
    const auto it = std::ranges::find(asked, text, &Asked::text);
    REQUIRE(it != asked.end());
    const Then then = std::move(it->then);
    asked.erase(it);
    then(std::move(refused));
  }
};

struct GatedHall : PathHall {
  SlowGate gate;

  explicit GatedHall(milliseconds cooldown = milliseconds(0)) {
    SendLimits::Rates rates;
    rates.cooldown = cooldown;
    rates.regular.places = 1000;
    path.change(rates);
    path.add_gate(gate);
  }
};
}  // namespace

TEST_CASE("one sender's lines are published in their order, and nobody waits for another's") {
  GatedHall hall;
  const auto one = hall.say(hall.bob, "one"), two = hall.say(hall.bob, "two"),
             other = hall.say(hall.cyd, "other");
  CHECK(hall.path.waiting() == 3);
  hall.gate.answer("two");
  CHECK(waits(two));
  hall.gate.answer("other");
  CHECK(hall.published == Texts{"other"});
  hall.gate.answer("one");
  CHECK(hall.published == Texts{"other", "one", "two"});
  CHECK((**one)->as.seq == 2);
  CHECK((**two)->as.seq == 3);
  CHECK(hall.path.waiting() == 0);
  hall.gate.at_once = true;
  CHECK((**hall.say(hall.bob, "three"))->as.seq == 4);
}

TEST_CASE("a line that a gate refuses holds up nothing, and its answer keeps its turn") {
  GatedHall hall;
  const auto one = hall.say(hall.bob, "one"), two = hall.say(hall.bob, "two"),
             three = hall.say(hall.bob, "three");
  hall.gate.answer("two", Refusal{Reason::rejected});
  hall.gate.answer("three");
  CHECK((waits(two) && waits(three)));
  hall.gate.answer("one", Refusal{Reason::rejected});
  CHECK(reason(one) == Reason::rejected);
  CHECK(reason(two) == Reason::rejected);
  CHECK(hall.published == Texts{"three"});
}

TEST_CASE("gates are asked one after the other, and a second answer has no effect") {
  GatedHall hall;
  SlowGate second;
  hall.path.add_gate(second);
  const auto told = hall.say(hall.bob, "hello");
  CHECK(second.questions == 0);
  const Gate::Then then = hall.gate.asked.front().then;
  hall.gate.answer("hello");
  CHECK(second.questions == 1);
  then(std::nullopt);
  CHECK(second.questions == 1);
  CHECK(hall.published.empty());
  second.answer("hello");
  CHECK(hall.published == Texts{"hello"});
  then(Refusal{Reason::rejected});
  CHECK((*told)->has_value());
}

TEST_CASE("a repeat of a line that waits is not asked twice, and is told the same") {
  GatedHall hall;
  const auto first = hall.say(hall.bob, "hello", "k"), again = hall.say(hall.bob, "hello", "k");
  CHECK(hall.gate.questions == 1);
  hall.gate.answer("hello");
  CHECK(hall.published.size() == 1);
  REQUIRE((!waits(first) && !waits(again)));
  CHECK_FALSE((*first)->value().repeated);
  CHECK((*again)->value().repeated);
  CHECK((*again)->value().id == (*first)->value().id);
  CHECK((*again)->value().as.seq == 1);
  CHECK((**hall.say(hall.bob, "hello", "k"))->repeated);

  std::vector<GatedHall::Told> many;
  for (std::size_t i = 0; i <= WaitingLines::most_repeats + 1; ++i)
    many.push_back(hall.say(hall.bob, "busy", "b"));
  CHECK(reason(many.back()) == Reason::busy);
  CHECK(waits(many.front()));
  hall.gate.answer("busy");
  CHECK((*many[WaitingLines::most_repeats])->has_value());
  CHECK(hall.gate.questions == 2);
}

TEST_CASE("a repeat of what is held is held, until it is decided on") {
  GatedHall hall;
  const auto first = hall.say(hall.bob, "hm", "k");
  hall.gate.answer("hm", Refusal{.reason = Reason::held, .detail = "the id"});
  CHECK(reason(first) == Reason::held);
  const auto again = hall.say(hall.bob, "hm", "k");
  CHECK(reason(again) == Reason::held);
  CHECK((*again)->error().detail == "the id");
  CHECK(hall.gate.questions == 1);

  Message line;
  line.id = message_id(ChannelId(1), UserId(8), "+k");
  line.author = hall.bob;
  line.text = "hm";
  const MessagePtr published = hall.path.publish_held(hall.demo, line);
  REQUIRE(published);
  CHECK(published->id == line.id);
  CHECK((**hall.say(hall.bob, "hm", "k"))->repeated);
  CHECK_FALSE(hall.path.publish_held(hall.demo, line));  // once only
  CHECK(hall.published == Texts{"hm"});

  hall.say(hall.bob, "other", "j");
  hall.gate.answer("other", Refusal{Reason::held});
  hall.path.forget_held(message_id(ChannelId(1), UserId(8), "+j"));
  CHECK(waits(hall.say(hall.bob, "other", "j")));
  CHECK(hall.gate.questions == 3);
}

TEST_CASE("what is approved is not said for a user who was banned since") {
  GatedHall hall;
  Message line;
  line.id = "a";
  line.author = hall.bob;
  line.text = "hm";
  hall.demo.standing().ban(hall.bob.id, {"bob", std::nullopt});
  CHECK_FALSE(hall.path.publish_held(hall.demo, line));
  hall.demo.standing().lift(hall.bob.id);
  CHECK(hall.path.publish_held(hall.demo, line));
}

TEST_CASE("bans, modes and roles are those of the moment in which a line is published") {
  GatedHall hall;
  SECTION("banned while it waited") {
    const auto told = hall.say(hall.bob, "hello");
    hall.demo.ban(hall.bob, std::nullopt, hall.clock.wall());
    hall.gate.answer("hello");
    CHECK(reason(told) == Reason::banned);
  }
  SECTION("a mode") {
    const auto told = hall.say(hall.bob, "hello");
    hall.demo.change_settings({.emote_only = true});
    hall.gate.answer("hello");
    CHECK(reason(told) == Reason::emote_only);
  }
  SECTION("said by another meanwhile, where nothing may be said twice") {
    hall.demo.change_settings({.unique = true});
    const auto first = hall.say(hall.bob, "hello"), second = hall.say(hall.cyd, "hello");
    hall.gate.answer("hello");
    hall.gate.answer("hello");
    CHECK((*first)->has_value());
    CHECK(reason(second) == Reason::unique);
  }
  SECTION("a role") {
    hall.say(hall.bob, "hello");
    hall.demo.standing().grant(Standing::Role::moderator, hall.bob.id, "bob");
    hall.gate.answer("hello");
    CHECK(hall.demo.history().last(1).front()->roles.moderator);
    CHECK(hall.demo.history().last(1).front()->badges.front().set == "moderator");
  }
}

TEST_CASE("rate limits are looked at before slow mode, and what that refuses takes no place") {
  PathHall hall;
  SendLimits::Rates rates;
  rates.regular.places = 2;
  hall.path.change(rates);
  hall.demo.change_settings({.slow = 10});
  hall.say(hall.bob, "one");
  CHECK(reason(hall.say(hall.bob, "two")) == Reason::rate_limited);
  hall.clock.advance(milliseconds(9900));
  for (int i = 0; i < 3; ++i) {
    const auto told = hall.say(hall.bob, "two");
    CHECK(reason(told) == Reason::slow_mode);
    CHECK((*told)->error().retry_after == milliseconds(100));
  }
  hall.clock.advance(milliseconds(100));  // no cooldown stands in the way, nor the window
  CHECK((*hall.say(hall.bob, "two"))->has_value());
  hall.clock.advance(seconds(2));
  CHECK(reason(hall.say(hall.bob, "three")) == Reason::rate_limited);
}

TEST_CASE("limits are charged once, when a line is sent") {
  GatedHall hall;
  hall.demo.change_settings({.slow = 30});
  hall.say(hall.bob, "one", "k");
  hall.say(hall.bob, "one", "k");
  CHECK(reason(hall.say(hall.bob, "two")) == Reason::slow_mode);  // though the first is not published yet
  SECTION("published: slow mode counts from when it was sent") {
    hall.clock.advance(seconds(1));
    hall.gate.answer("one");
    CHECK((*hall.say(hall.bob, "two"))->error().retry_after == milliseconds(29'000));
  }
  SECTION("refused: it does not count") {
    hall.gate.answer("one", Refusal{Reason::rejected});
    CHECK(waits(hall.say(hall.bob, "two")));
  }
  SECTION("several are refused") {
    hall.demo.change_settings({});
    hall.say(hall.bob, "two");
    hall.say(hall.bob, "three");
    hall.gate.answer("two", Refusal{Reason::rejected});
    hall.gate.answer("three", Refusal{Reason::rejected});
    hall.gate.answer("one", Refusal{Reason::rejected});
    hall.demo.change_settings({.slow = 30});
    CHECK(waits(hall.say(hall.bob, "four")));
  }
}

TEST_CASE("the same text again is known while the first waits") {
  GatedHall hall;
  hall.say(hall.bob, "hello");
  CHECK(reason(hall.say(hall.bob, "hello")) == Reason::repeated);
  CHECK(hall.gate.questions == 1);
}

TEST_CASE("how many lines of a sender wait is bounded, and others are not hurt by it") {
  GatedHall hall;
  for (std::size_t i = 0; i < WaitingLines::most_of_a_sender; ++i) hall.say(hall.bob, std::to_string(i));
  const auto told = hall.say(hall.bob, "one more");
  CHECK(reason(told) == Reason::busy);
  CHECK(words_for((*told)->error()).notice_id == "msg_ratelimit");
  CHECK(waits(hall.say(hall.cyd, "mine")));
  hall.gate.answer("0");
  CHECK(waits(hall.say(hall.bob, "one more")));
}

TEST_CASE("how many lines of a room wait is bounded") {
  GatedHall hall;
  for (std::size_t i = 0; i < WaitingLines::most_in_a_room; ++i)
    hall.say(user(static_cast<std::int64_t>(1000 + i / 60), "u" + std::to_string(i / 60)), std::to_string(i));
  CHECK(hall.path.waiting() == WaitingLines::most_in_a_room);
  const auto told = hall.say(hall.bob, "mine");
  CHECK(reason(told) == Reason::busy);
  CHECK_THAT(words_for((*told)->error()).text, Contains("the room"));
}

TEST_CASE("a sender that has gone is not looked for, and its line is published all the same") {
  GatedHall hall;
  IrcPeer reader(hall);
  reader.log_in("t8", "bob");
  reader.send("JOIN #demo\r\n");
  {
    JsonPeer page(hall);
    page.send(R"({"type":"auth","ticket":"k8"})");
    page.send(R"({"type":"join","channel":"demo"})");
    CHECK(page.send(R"({"type":"message","channel":"demo","text":"from a page","key":"k"})").empty());
    IrcPeer bot(hall);
    bot.log_in("t8", "bob");
    bot.send("JOIN #demo\r\nPRIVMSG #demo :from a bot\r\n");
  }
  hall.gate.answer("from a page");
  hall.gate.answer("from a bot");
  hall.flush();
  CHECK_THAT(reader.outlet.take_delivered(), Contains(":from a page") && Contains(":from a bot"));
}

TEST_CASE("clients are told when their line has been looked at, and an IRC client hears no echo") {
  GatedHall hall;
  IrcPeer bot(hall), reader(hall);
  for (IrcPeer* peer : {&bot, &reader}) {
    peer->log_in("t8", "bob");
    peer->send("JOIN #demo\r\n");
  }
  CHECK(bot.send("@client-nonce=n1 PRIVMSG #demo :hello\r\n").empty());
  hall.gate.answer("hello");
  CHECK_THAT(bot.outlet.take_sent(), Contains("USERSTATE #demo") && Contains("client-nonce=n1"));
  hall.flush();
  CHECK_THAT(bot.outlet.take_delivered(), !Contains("PRIVMSG"));
  CHECK_THAT(reader.outlet.take_delivered(), Contains("PRIVMSG #demo :hello"));

  bot.send("PRIVMSG #demo :hm\r\n");
  hall.gate.answer("hm", Refusal{Reason::held});
  CHECK_THAT(bot.outlet.take_sent(), Contains("msg-id=msg_rejected :") || Contains("msg-id=msg_rejected;") ||
                                         Contains("msg-id=msg_rejected "));
  bot.send("PRIVMSG #demo :never\r\n");
  hall.gate.answer("never", Refusal{Reason::rejected});
  CHECK_THAT(bot.outlet.take_sent(), Contains("msg_rejected_mandatory"));

  // It has left the room, and is in it again under another number, while its line waited.
  bot.send("PRIVMSG #demo :before leaving\r\nPART #demo\r\nJOIN #demo\r\n");
  hall.gate.answer("before leaving");
  hall.flush();
  CHECK_THAT(reader.outlet.take_delivered(), Contains("before leaving"));

  JsonPeer page(hall);
  page.send(R"({"type":"auth","ticket":"k7"})");
  page.send(R"({"type":"join","channel":"demo"})");
  page.send(R"({"type":"message","channel":"demo","text":"hm hm","key":"k"})");
  hall.gate.answer("hm hm", Refusal{.reason = Reason::held, .detail = "the-id"});
  CHECK(
      page.outlet.take_sent() ==
      R"({"type":"error","code":"held","message":"Your message is being checked by mods and has not been sent.",)"
      R"("channel":"demo","key":"k","id":"the-id"})");
}
