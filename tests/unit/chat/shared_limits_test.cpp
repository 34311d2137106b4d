// The message path with limits that several nodes keep together: what they say is done, and what this node
// does when they say nothing.
#include <deque>

#include <catch2/catch.hpp>

#include "chat/message_id.hpp"
#include "unit/chat/path_hall.hpp"

using namespace sluice;
using namespace sluice::chat;

namespace {
// Answers when it is told to.
struct FakeShared : SharedLimits {
  struct Asked {
    std::string text;
    bool keyed, unique;
    SendTerms terms;
    Then then;
  };
  std::deque<Asked> asked;
  std::vector<std::string> log;
  bool there = true;
  bool answers() override { return there; }
  void ask(const Question& question, Then then) override {
    asked.push_back({question.line.text, question.keyed, question.unique, question.terms, std::move(then)});
  }
  void published(const Message& line) override { log.push_back("published " + line.text); }
  void refused(const Question& question, const Passed& passed, const Refusal& why) override {
    log.push_back("refused " + question.line.text + " " + passed.mark +
                  (why.reason == Reason::held ? " held" : ""));
  }
  void forget_key(const std::string& id) override { log.push_back("forget " + id); }
  void answer(Verdict verdict) {
    REQUIRE_FALSE(asked.empty());
    const Then then = std::move(asked.front().then);
    asked.pop_front();
    then(std::move(verdict));
  }
  void pass() { answer(Passed{"mark"}); }
};

struct RefusingGate : Gate {
  std::optional<Refusal> refusal;
  void ask(const Room&, const Message&, Then then) override { then(refusal); }
};

struct SharedHall : PathHall {
  FakeShared shared;

  SharedHall() { path.share(shared); }
  void tick(seconds time) {
    clock.advance(time);
    path.tick();
  }
};

bool sent(const SharedHall::Told& told) {
  return !waits(told) && (*told)->has_value() && !(**told)->repeated;
}
}  // namespace

TEST_CASE("what the shared limits say is done, whatever this node would say") {
  SharedHall hall;
  const auto one = hall.say(hall.bob, "one"), two = hall.say(hall.bob, "two");
  CHECK((waits(one) && waits(two) && hall.published.empty()));
  hall.shared.pass();
  CHECK(sent(one));
  hall.shared.pass();  // within this node's own cooldown
  CHECK(sent(two));
  const auto three = hall.say(hall.bob, "three");
  hall.shared.answer(Refusal{Reason::rate_limited, milliseconds(700), 3});
  CHECK(reason(three) == Reason::rate_limited);
  CHECK((*three)->error().retry_after == milliseconds(700));
  CHECK((*three)->error().remaining == 3);
  CHECK(hall.published == Texts{"one", "two"});
  CHECK(hall.shared.log.empty());
}

TEST_CASE("the question has the terms of its author, and of the room") {
  SharedHall hall;
  RoomSettings settings = hall.demo.settings();
  settings.slow = 30;
  settings.unique = true;
  hall.demo.change_settings(settings);
  hall.say(hall.bob, "a", "k");
  hall.say(hall.ada, "b");  // the broadcaster
  const auto& of_bob = hall.shared.asked[0];
  CHECK((of_bob.keyed && of_bob.unique && of_bob.terms.window.places == 20));
  CHECK((of_bob.terms.cooldown == seconds(1) && of_bob.terms.slow == seconds(30)));
  CHECK(of_bob.terms.repeat == seconds(30));
  const auto& of_ada = hall.shared.asked[1];
  CHECK((!of_ada.keyed && !of_ada.unique && of_ada.terms.window.places == 100));
  CHECK((of_ada.terms.cooldown.count() == 0 && of_ada.terms.slow.count() == 0));
  CHECK(of_ada.terms.repeat.count() == 0);
}

TEST_CASE("without an answer this node's own limits decide, and know what passed before") {
  SharedHall hall;
  const auto one = hall.say(hall.bob, "one"), two = hall.say(hall.bob, "two"),
             other = hall.say(hall.cyd, "other");
  hall.shared.pass();
  hall.shared.answer(SharedLimits::Unknown{});
  hall.shared.answer(SharedLimits::Unknown{});
  CHECK(sent(one));
  CHECK(reason(two) == Reason::rate_limited);
  CHECK(sent(other));
}

TEST_CASE("while they are away nothing is asked; what this node let pass counts on for two minutes after") {
  SharedHall hall;
  hall.shared.there = false;
  CHECK(sent(hall.say(hall.bob, "one")));
  CHECK(reason(hall.say(hall.bob, "two")) == Reason::rate_limited);
  CHECK(hall.shared.asked.empty());
  hall.shared.there = true;
  CHECK(reason(hall.say(hall.bob, "two")) == Reason::rate_limited);
  CHECK(hall.shared.asked.empty());
  hall.clock.advance(seconds(1));
  const auto two = hall.say(hall.bob, "two");
  CHECK(hall.shared.asked.size() == 1);
  hall.shared.answer(SharedLimits::Unknown{});  // it has its place here: it is not asked twice for it
  CHECK(sent(two));
  hall.clock.advance(seconds(121));
  hall.say(hall.bob, "three");
  hall.say(hall.bob, "four");
  CHECK(hall.shared.asked.size() == 2);
}

TEST_CASE("the room's settings are looked at after the limits, and what they refuse is taken back") {
  SharedHall hall;
  RoomSettings settings = hall.demo.settings();
  settings.subs_only = true;
  hall.demo.change_settings(settings);
  const auto told = hall.say(hall.bob, "hello", "k");
  CHECK(hall.shared.asked.size() == 1);
  hall.shared.pass();
  CHECK(reason(told) == Reason::subs_only);
  CHECK(hall.shared.log == Texts{"refused hello mark"});
}

TEST_CASE("what a gate refuses or holds is taken back, what is published with a key is told") {
  SharedHall hall;
  RefusingGate gate;
  hall.path.add_gate(gate);
  gate.refusal = Refusal{Reason::rejected};
  hall.say(hall.bob, "bad", "a");
  hall.shared.pass();
  gate.refusal = Refusal{.reason = Reason::held, .detail = "id"};
  hall.say(hall.cyd, "hm", "b");
  hall.shared.pass();
  gate.refusal.reset();
  hall.say(hall.ada, "good", "c");
  hall.shared.pass();
  hall.say(hall.ada, "unkeyed");
  hall.shared.pass();
  CHECK(hall.shared.log == Texts{"refused bad mark", "refused hm mark held", "published good"});
  const std::string id = message_id(ChannelId(1), UserId(9), "+b");
  hall.path.forget_held(id);
  CHECK(hall.shared.log.back() == "forget " + id);
}

TEST_CASE(
    "a line is told before its key is: who is killed between the two has not had others answer for it") {
  SharedHall hall;
  hall.path.on_published = [&](const MessagePtr& message) {
    hall.shared.log.push_back("told " + message->text);
  };
  hall.say(hall.ada, "good", "c");
  hall.shared.pass();
  CHECK(hall.shared.log == Texts{"told good", "published good"});
}

TEST_CASE("a key that another node has published is answered as that") {
  SharedHall hall;
  const auto told = hall.say(hall.bob, "hello", "k"), again = hall.say(hall.bob, "hello", "k");
  CHECK(hall.shared.asked.size() == 1);
  hall.shared.answer(PublishedAs{"o2", 42, Wall(milliseconds(5))});
  for (const auto& each : {told, again}) {
    REQUIRE((!waits(each) && (*each)->has_value()));
    CHECK(((**each)->repeated && (**each)->as.origin == "o2" && (**each)->as.seq == 42));
  }
  CHECK(hall.published.empty());
}

TEST_CASE("a key that another node is about to publish waits for the line, and not for ever") {
  SharedHall hall;
  Message line;
  line.id = message_id(ChannelId(1), UserId(8), "+k");
  line.origin = "o2";
  line.seq = 7;
  line.at = hall.clock.wall();

  const auto told = hall.say(hall.bob, "hello", "k");
  hall.shared.answer(SharedLimits::OnItsWay{});
  const auto again = hall.say(hall.bob, "hello", "k");
  const auto behind = hall.say(hall.bob, "behind");  // which does not wait for it
  hall.shared.pass();
  CHECK((waits(told) && waits(again) && sent(behind)));
  hall.path.restore(line);  // it was heard
  for (const auto& each : {told, again}) {
    REQUIRE((!waits(each) && (*each)->has_value()));
    CHECK(((**each)->repeated && (**each)->as.seq == 7));
  }

  const auto lost = hall.say(hall.bob, "lost", "l");
  hall.shared.answer(SharedLimits::OnItsWay{});
  hall.tick(seconds(1));
  CHECK(waits(lost));
  hall.tick(seconds(1));
  CHECK(reason(lost) == Reason::on_its_way);
  CHECK(words_for((*lost)->error()).code == ErrorCode::busy);
  hall.say(hall.bob, "lost", "l");
  CHECK(hall.shared.asked.size() == 1);  // a new question

  // Heard before the answer came.
  line.id = message_id(ChannelId(1), UserId(8), "+l");
  hall.path.restore(line);
  hall.shared.answer(SharedLimits::OnItsWay{});
  CHECK(hall.published == Texts{"behind"});
}

TEST_CASE("a line that was heard from another node while this one waited is not said again") {
  SharedHall hall;
  const auto told = hall.say(hall.bob, "hello", "k");
  Message line;
  line.id = message_id(ChannelId(1), UserId(8), "+k");
  line.origin = "o2";
  line.seq = 7;
  line.at = hall.clock.wall();
  hall.path.restore(line);
  hall.shared.pass();
  REQUIRE((!waits(told) && (*told)->has_value()));
  CHECK(((**told)->repeated && (**told)->as.seq == 7));
  CHECK(hall.published.empty());
  CHECK(hall.shared.log == Texts{"refused hello mark"});
}

TEST_CASE("how many of a sender's lines are asked about at once is bounded") {
  SharedHall hall;
  for (std::size_t i = 0; i < WaitingLines::most_of_a_sender; ++i) hall.say(hall.bob, std::to_string(i));
  CHECK(reason(hall.say(hall.bob, "one more")) == Reason::busy);
  CHECK(waits(hall.say(hall.cyd, "mine")));
  CHECK(hall.shared.asked.size() == WaitingLines::most_of_a_sender + 1);
}

TEST_CASE("a line that nobody is asked about waits behind its sender's that were") {
  SharedHall hall;
  const auto one = hall.say(hall.bob, "one");
  hall.shared.there = false;
  const auto two = hall.say(hall.bob, "two");
  CHECK(sent(hall.say(hall.cyd, "other")));
  CHECK((waits(one) && waits(two)));
  hall.shared.pass();
  CHECK((sent(one) && sent(two)));
  CHECK(hall.published == Texts{"other", "one", "two"});
}

TEST_CASE("one sender's lines keep their order, whichever is answered first") {
  SharedHall hall;
  const auto one = hall.say(hall.bob, "one"), two = hall.say(hall.bob, "two");
  const auto first = std::move(hall.shared.asked.front());
  hall.shared.asked.pop_front();
  hall.shared.pass();
  CHECK((waits(one) && waits(two)));
  first.then(SharedLimits::Passed{"mark"});
  CHECK(hall.published == Texts{"one", "two"});
}
