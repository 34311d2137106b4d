// Limits that nodes keep together: what is asked, what an answer means, and what becomes of questions that have
// none.
#include <catch2/catch.hpp>

#include "nodes/exchange.hpp"
#include "nodes/limits.hpp"

using namespace sluice;
using namespace sluice::nodes;
using chat::Reason;
using chat::Refusal;

namespace {
struct Server : Limits::Outside {
  struct Asked {
    Limits::Script script;
    Limits::Words keys, arguments;
    Limits::Answer answer;
  };
  std::vector<Asked> asked;
  std::vector<std::string> set_to;
  std::vector<milliseconds> wakes;
  bool there = true;
  bool reachable() override { return there; }
  void run(Limits::Script script, Limits::Words keys, Limits::Words arguments,
           Limits::Answer answer) override {
    asked.push_back({script, std::move(keys), std::move(arguments), std::move(answer)});
  }
  void set(std::string key, std::string value, seconds lasts) override {
    set_to.push_back(key + " = " + value + " for " + std::to_string(lasts.count()));
  }
  void remove(std::string key) override { set_to.push_back("no " + key); }
  void wake(milliseconds in) override { wakes.push_back(in); }
};

struct Scene {
  FakeClock clock;
  Server server;
  Limits limits{"n1", clock, server, [] { return milliseconds(1000); }};
  chat::Message line;
  Limits::Verdict verdict;
  int verdicts = 0;

  Scene() {
    line.id = "the-id";
    line.channel = ChannelId(3);
    line.author.id = UserId(8);
    line.text = "hello";
    limits.reached();
    answer(Limits::Words{"good"});  // to its own question
  }
  void answer(std::optional<Limits::Words> words) {
    REQUIRE_FALSE(server.asked.empty());
    const auto answer = server.asked.front().answer;
    server.asked.erase(server.asked.begin());
    answer(std::move(words));
  }
  void ask(bool keyed = false, bool unique = false) {
    limits.ask({line, {.window = {20, milliseconds(30'000)}, .repeat = milliseconds(30'000)}, keyed, unique},
               [this](Limits::Verdict it) {
                 verdict = std::move(it);
                 ++verdicts;
               });
  }
  Limits::Verdict became(Limits::Words words) {
    line.author.id = UserId(line.author.id.value() + 1);  // whom nobody has told anything
    ask(true);
    answer(std::move(words));
    return verdict;
  }
  bool unknown(Limits::Words words) {
    return std::holds_alternative<chat::SharedLimits::Unknown>(became(std::move(words)));
  }
};
}  // namespace

TEST_CASE("answers are verdicts, and what is no answer is none") {
  Scene scene;
  CHECK(std::get<Limits::Passed>(scene.became({"passed", "17 h w"})).mark == "17 h w");
  const auto slow = std::get<Refusal>(scene.became({"slow", "1500001"}));
  CHECK((slow.reason == Reason::slow_mode && slow.retry_after == milliseconds(1501)));
  const auto limited = std::get<Refusal>(scene.became({"limited", "999", "4"}));
  CHECK((limited.reason == Reason::rate_limited && limited.retry_after == milliseconds(1)));
  CHECK(limited.remaining == 4);
  const auto repeated = std::get<Refusal>(scene.became({"repeated", "2000"}));
  CHECK((repeated.reason == Reason::repeated && repeated.window == seconds(30)));
  CHECK(std::get<Refusal>(scene.became({"unique"})).reason == Reason::unique);
  CHECK(scene.unknown({"slow", "9223372036854775807"}));  // no clock counts so far ahead
  const auto as = std::get<chat::PublishedAs>(scene.became({"key", "p o2 42 1700000000000"}));
  CHECK((as.origin == "o2" && as.seq == 42 && as.at == Wall(milliseconds(1'700'000'000'000))));
  CHECK(std::get<Refusal>(scene.became({"key", "h id-1"})).detail == "id-1");
  CHECK(std::holds_alternative<chat::SharedLimits::OnItsWay>(scene.became({"key", "w n2 7"})));
  for (const Limits::Words& words :
       std::vector<Limits::Words>{{}, {""}, {"passed"}, {"slow"}, {"slow", "x"}, {"slow", "-1"}, {"limited", "5"},
                                  {"limited", "5", "-1"}, {"key", ""}, {"key", "p o2 x 5"}, {"key", "p"}, {"of later"}})
    CHECK(scene.unknown(words));
}

TEST_CASE("the script is asked with the keys of its user, room and text") {
  Scene scene;
  scene.ask(true, true);
  const auto& asked = scene.server.asked.front();
  CHECK(asked.script == Limits::Script::send);
  REQUIRE(asked.keys.size() == 5);
  CHECK(asked.keys[0] == "chat-window:8");
  CHECK(asked.keys[1] == "chat-cooldown:3:8");
  CHECK(asked.keys[2] == "chat-sent:3:8");
  CHECK(asked.keys[3] == "chat-key:the-id");
  CHECK(asked.keys[4].starts_with("chat-text:"));
  REQUIRE(asked.arguments.size() == 11);
  CHECK((asked.arguments[0] == "20" && asked.arguments[1] == "30000000" && asked.arguments[3] == "1000000"));
  CHECK((asked.arguments[7] == "n1" && asked.arguments[9] == "1" && asked.arguments[10] == "1"));
  const std::string says = asked.arguments[5], text = asked.keys[4];
  scene.line.action = true;
  scene.ask(true, true);
  CHECK(scene.server.asked.back().arguments[5] != says);  // /me is another thing to say
  CHECK(scene.server.asked.back().keys[4] == text);       // and the same text
  CHECK(scene.server.asked.back().arguments[8] != scene.server.asked.front().arguments[8]);
}

TEST_CASE("who floods is told the same for a second, and Redis is not asked") {
  Scene scene;
  scene.ask();
  scene.answer(Limits::Words{"limited", "5000000", "0"});
  scene.clock.advance(milliseconds(400));
  scene.ask();
  CHECK(scene.server.asked.empty());
  CHECK(std::get<Refusal>(scene.verdict).retry_after == milliseconds(4600));
  CHECK(scene.limits.counts().spared == 1);
  scene.line.channel = ChannelId(4);  // another room is another matter
  scene.ask();
  scene.answer(Limits::Words{"passed", "x"});
  scene.line.channel = ChannelId(3);
  scene.clock.advance(milliseconds(600));
  scene.ask();
  scene.answer(Limits::Words{"limited", "300", "2"});
  scene.clock.advance(milliseconds(1));
  scene.ask();
  scene.answer(Limits::Words{"slow", "2000000"});
  // Taken back, it may be otherwise; and so by other terms.
  scene.limits.refused({scene.line, {}, false, false}, {"17 h 3"}, {Reason::rejected});
  scene.server.asked.clear();
  scene.ask();
  scene.answer(Limits::Words{"slow", "2000000"});
  scene.limits.ask({scene.line, {.window = {100, seconds(30)}}, false, false}, [](const Limits::Verdict&) {});
  scene.answer(Limits::Words{"repeated", "2000000"});
  scene.clock.advance(seconds(1));
  scene.ask();
  scene.answer(Limits::Words{"repeated", "2000000"});
  scene.ask();
  CHECK(scene.server.asked.size() == 1);
}

TEST_CASE("who has no answer in time is told so; one that comes later has no effect") {
  Scene scene;
  scene.ask();
  CHECK(scene.server.wakes.back() == Limits::deadline);
  scene.clock.advance(Limits::deadline - milliseconds(1));
  scene.limits.late();
  CHECK(scene.verdicts == 0);
  CHECK(scene.server.wakes.back() == milliseconds(1));
  scene.clock.advance(milliseconds(1));
  scene.limits.late();
  CHECK(scene.verdicts == 1);
  CHECK(std::holds_alternative<chat::SharedLimits::Unknown>(scene.verdict));
  CHECK(scene.limits.counts().late == 1);
  scene.answer(Limits::Words{"passed", "x"});
  CHECK(scene.verdicts == 1);
  CHECK(scene.limits.answers());  // one is no reason
}

TEST_CASE("a server that is too slow is not asked; a question that is nobody's tries it") {
  Scene scene;
  for (int i = 0; i < 10; ++i) scene.ask();
  scene.clock.advance(Limits::deadline);
  scene.limits.late();
  CHECK(scene.verdicts == 10);
  CHECK_FALSE(scene.limits.answers());
  scene.server.asked.clear();
  scene.limits.tick();
  CHECK(scene.server.asked.empty());
  scene.clock.advance(seconds(5));
  scene.limits.tick();
  scene.limits.tick();
  REQUIRE(scene.server.asked.size() == 1);  // one
  CHECK_FALSE(scene.limits.answers());
  scene.clock.advance(Limits::deadline);
  scene.limits.late();
  scene.limits.tick();
  CHECK(scene.server.asked.size() == 1);
  scene.clock.advance(seconds(5));
  scene.limits.tick();
  REQUIRE(scene.server.asked.size() == 2);
  scene.server.asked.erase(scene.server.asked.begin());
  scene.answer(Limits::Words{"good"});
  CHECK(scene.limits.answers());
}

TEST_CASE("with the connection go all questions, once") {
  Scene scene;
  scene.ask();
  scene.ask();
  scene.limits.lost();
  CHECK(scene.verdicts == 2);
  CHECK_FALSE(scene.limits.answers());
  scene.answer(std::nullopt);
  CHECK(scene.verdicts == 2);
  scene.limits.reached();
  scene.server.asked.erase(scene.server.asked.begin());
  scene.answer(Limits::Words{"good"});
  CHECK(scene.limits.answers());
  scene.server.there = false;  // too much waits for the server
  CHECK_FALSE(scene.limits.answers());
}

TEST_CASE("an error of the server's is no answer") {
  Scene scene;
  for (int i = 0; i < 10; ++i) {
    scene.ask();
    scene.answer(std::nullopt);
    CHECK(std::holds_alternative<chat::SharedLimits::Unknown>(scene.verdict));
  }
  CHECK_FALSE(scene.limits.answers());
}

TEST_CASE("what becomes of a line is told, and taken back where it is nothing") {
  Scene scene;
  scene.line.origin = "n1";
  scene.line.seq = 5;
  scene.line.at = Wall(milliseconds(99));
  scene.limits.published(scene.line);
  scene.limits.refused({scene.line, {}, true, false}, {"17 h 3"}, {.reason = Reason::held, .detail = "d"});
  scene.limits.forget_key("the-id");
  CHECK(scene.server.set_to == std::vector<std::string>{"chat-key:the-id = p n1 5 99 for 300",
                                                        "chat-key:the-id = h d for 300", "no chat-key:the-id"});
  REQUIRE(scene.server.asked.size() == 1);
  CHECK(scene.server.asked[0].script == Limits::Script::take_back);
  CHECK(scene.server.asked[0].keys == Limits::Words{"chat-sent:3:8", "chat-key:the-id"});
  CHECK(scene.server.asked[0].arguments == Limits::Words{"17 h 3", "w n1 3"});
  scene.server.there = false;
  scene.limits.published(scene.line);
  scene.limits.refused({scene.line, {}, true, false}, {"17 h 3"}, {Reason::rejected});
  scene.limits.forget_key("the-id");
  CHECK(scene.server.set_to.size() == 3);
  CHECK(scene.server.asked.size() == 1);
}

TEST_CASE("whispers have limits of all nodes, and go where their user is") {
  Scene scene;
  using Allowed = chat::WhisperPost::Allowed;
  using Told = chat::WhisperPost::Told;
  std::optional<Allowed> allowed;
  const auto asks = [&](std::optional<Limits::Words> words) {
    scene.limits.ask(UserId(8), [&](std::optional<Allowed> it) { allowed = it; });
    scene.answer(std::move(words));
    return allowed;
  };
  CHECK(asks(Limits::Words{"good"}) == Allowed::good);
  CHECK(asks(Limits::Words{"no", "1"}) == Allowed::too_many_a_second);
  CHECK(asks(Limits::Words{"no", "2"}) == Allowed::too_many_a_minute);
  CHECK(asks(Limits::Words{}) == std::nullopt);
  CHECK(asks(std::nullopt) == std::nullopt);

  chat::Whisper whisper{"w1", Wall(milliseconds(5)), {UserId(8), "bob", "Bob", ""}, {UserId(9), "cyd", "Cyd", ""}, "psst", {}};
  std::optional<Told> told;
  const auto tells = [&](std::optional<Limits::Words> words, bool here = false) {
    scene.limits.tell(whisper, here, [&](std::optional<Told> it) { told = it; });
    const auto& arguments = scene.server.asked.front().arguments;
    CHECK((arguments[0] == "9" && arguments[3] == Exchange::user_channel(UserId(9))));
    CHECK(arguments[5] == (here ? "1" : "0"));
    const auto sent = decode(arguments[4]);
    CHECK(std::get<Whispered>(*sent).whisper.text == "psst");
    scene.answer(std::move(words));
    return told;
  };
  CHECK(tells(Limits::Words{"told"}, true) == Told::told);
  CHECK(tells(Limits::Words{"nobody"}) == Told::nobody);
  CHECK(tells(Limits::Words{"people"}) == Told::too_many_people);
  CHECK(tells(std::nullopt) == std::nullopt);
  scene.server.there = false;
  scene.limits.tell(whisper, true, [&](std::optional<Told> it) { told = it; });
  scene.limits.ask(UserId(8), [&](std::optional<Allowed> it) { allowed = it; });
  CHECK((!told && !allowed && scene.server.asked.empty()));
}
