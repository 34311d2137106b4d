// What chatd and automod say to one another, and messages that wait for a moderator.
#include <algorithm>
#include <deque>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "chat/automod_lines.hpp"
#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {
Message hello() {
  Message message;
  message.id = "the-id";
  message.channel_name = "demo";
  message.author = user(8, "bob");
  message.author.color = "#00FF00";
  message.roles.vip = true;
  message.text = "he said \"hi\" \\ \xe2\x9c\x93";
  return message;
}
AutomodVerdict::Kind kind_of(const char* line) {
  return std::get<AutomodVerdict>(read_automod_line(line)->what).kind;
}
}  // namespace

TEST_CASE("a question has the room's level and names its words") {
  const std::string line = question_line(7, hello(), 3, "1");
  CHECK(line.ends_with("}\n"));
  CHECK(std::ranges::count(line, '\n') == 1);
  CHECK(json::parse(line) ==
        json::parse(R"({"id":7,"channel":"demo","user":{"id":"8","login":"bob","name":"Bob"},
      "roles":["vip"],"text":"he said \"hi\" \\ ✓","level":3,"words":"1"})"));
  CHECK_FALSE(json::parse(question_line(7, hello(), 3, "")).contains("words"));
}

TEST_CASE("the longest text fits a line of automod's") {
  Message message = hello();
  message.text.clear();
  for (int i = 0; i < 500; ++i) message.text += "\xf0\x9f\x98\x80";
  CHECK(question_line(~0ull >> 1, message, 4, std::string(20, '9')).size() < 16384);
}

TEST_CASE("a room's words are as many lines as they take, each within automod's limits") {
  std::vector<RoomWord> words(1201, {"a", false, "block"});
  const auto entries = [](const std::vector<std::string>& lines) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string whole = with_id(i, lines[i]);
      CHECK(whole.size() <= 16384);
      const json line = json::parse(whole);
      CHECK(line["id"] == i);
      CHECK(line["define"] == "1");
      CHECK(line["words"].size() <= 500);
      CHECK(line.value("more", false) == (i + 1 < lines.size()));
      sum += line["words"].size();
    }
    return sum;
  };
  CHECK(entries(definition_lines("1", words)) == 1201);
  CHECK(definition_lines("1", words).size() == 4);
  words.assign(100, {std::string(500, '"'), true, "hold"});
  const auto lines = definition_lines("1", words);
  CHECK(entries(lines) == 100);
  CHECK(json::parse(with_id(1, lines[0]))["words"][0] ==
        json({{"pattern", std::string(500, '"')}, {"action", "hold"}}));
  CHECK(definition_lines("1", {}) == std::vector<std::string>{",\"define\":\"1\",\"words\":[]}\n"});
}

TEST_CASE("verdicts are read") {
  const auto answer = read_automod_line(
      R"({"id":7,"verdict":"hold","category":"bullying","level":2,"score":0.8,"reason":"toxicity","where":[[0,3],[5,5],[4,9],[0,99999],"x"]})");
  REQUIRE(answer);
  CHECK(answer->id == 7);
  const auto& verdict = std::get<AutomodVerdict>(answer->what);
  CHECK(verdict.kind == AutomodVerdict::Kind::hold);
  CHECK((verdict.category == "bullying" && verdict.reason == "toxicity" && verdict.level == 2));
  CHECK(verdict.where == std::vector<Boundary>{{0, 2}, {4, 8}});
  CHECK(verdict.score == 0.8);
  CHECK(kind_of(R"({"id":7,"verdict":"allow"})") == AutomodVerdict::Kind::allow);
  CHECK(kind_of(R"({"id":7,"verdict":"block"})") == AutomodVerdict::Kind::block);
  CHECK(std::get<std::string>(read_automod_line(R"({"id":7,"line":3,"error":"bad"})")->what) == "bad");
  const auto defined = read_automod_line(R"({"id":8,"defined":"1","entries":3,"refused":1,"why":"w"})");
  CHECK(std::get<AutomodDefined>(defined->what).refused == 1);
  CHECK(std::get<AutomodDefined>(defined->what).why == "w");
}

TEST_CASE("what is no answer is said to be none") {
  for (const char* line :
       {"", "hello", "[]", "{}", R"({"id":null,"verdict":"allow"})", R"({"id":-1,"verdict":"allow"})",
        R"({"id":7})", R"({"id":7,"verdict":"maybe"})", R"({"id":"7","verdict":"allow"})"})
    CHECK_FALSE(read_automod_line(line));
  CHECK(std::get<AutomodVerdict>(
            read_automod_line("{\"id\":1,\"verdict\":\"hold\",\"category\":\"" + std::string(99, 'x') + "\"}")
                ->what)
            .category == "custom");
  const auto loud = read_automod_line("{\"id\":1,\"verdict\":\"block\",\"score\":1e9,\"reason\":\"" +
                                      std::string(99, 'x') + "\"}");
  CHECK(std::get<AutomodVerdict>(loud->what).reason == "command");
  CHECK(std::get<AutomodVerdict>(loud->what).score == 1);
}

TEST_CASE("what a room's own words found is told from what AutoMod's did") {
  using Kind = AutomodVerdict::Kind;
  CHECK(by_own_words({Kind::block, "custom", "pattern", 2, {}}));
  CHECK_FALSE(by_own_words({Kind::block, "custom", "toxicity", 2, {}}));
  CHECK_FALSE(by_own_words({Kind::block, "swearing", "phrase", 2, {}}));
}

TEST_CASE("a held message is kept with all that is needed to say it later") {
  Message message = hello();
  message.action = true;
  message.client_nonce = "n1";
  message.reply = Reply{"p", user(9, "cyd"), "what", "t", user(7, "ada")};
  const std::string kept = pack_held(message, "node 1");
  CHECK(std::ranges::count(kept, '\n') == 0);
  const auto again = unpack_held(kept);
  REQUIRE(again);
  CHECK(again->node == "node 1");
  const Message& got = again->message;
  CHECK((got.id == "the-id" && got.text == message.text && got.action && got.client_nonce == "n1"));
  CHECK((got.author.id == UserId(8) && got.author.name == "Bob" && got.author.color == "#00FF00"));
  REQUIRE(got.reply);
  CHECK(
      (got.reply->id == "p" && got.reply->author.login == "cyd" && got.reply->thread_author.login == "ada"));
  CHECK((again->knows_roles && got.roles.vip && !got.roles.subscriber));
  CHECK(pack_held(got, "node 1") == kept);
  Message cheer = got;
  cheer.address = "192.0.2.7";
  CHECK(pack_held(cheer, "node 1") == kept);  // of what is no cheer nobody asks
  cheer.bits = 5;
  CHECK(unpack_held(pack_held(cheer, "node 1")).value().message.address == "192.0.2.7");
  const auto older = unpack_held(R"({"node":"n","id":"i","user":["8","b","B",""],"text":"t"})");
  REQUIRE(older);
  CHECK_FALSE(older->knows_roles);
  CHECK(unpack_held(R"({"node":"n","id":"i","user":["8","b","B",""],"text":"t","roles":[1,"moderator"]})")
            ->message.roles.moderator);
  for (const char* bad : {"", "{}", "[1]", R"({"node":"n","id":"","user":["8","b","B",""],"text":"t"})",
                          R"({"node":"n","id":"i","user":["0","b","B",""],"text":"t"})",
                          R"({"node":1,"id":"i","user":["8","b","B",""],"text":"t"})"})
    CHECK_FALSE(unpack_held(bad));
}

TEST_CASE("moderators rule on what is held, and see what waits") {
  TestHall hall;
  JsonPeer ada(hall), bob(hall);
  ada.send(R"({"type":"auth","ticket":"k7"})");
  bob.send(R"({"type":"auth","ticket":"k8"})");
  const std::string allow = R"({"type":"rule","channel":"demo","id":"m1","verdict":"allow","key":"k"})";
  CHECK_THAT(ada.send(allow), Contains(R"("code":"not_joined")") && Contains(R"("key":"k")"));
  for (JsonPeer* peer : {&ada, &bob}) peer->send(R"({"type":"join","channel":"demo"})");
  CHECK(
      ada.send(allow) ==
      R"({"type":"notice","channel":"demo","key":"k","code":"automod_allowed","message":"The message is allowed, and is published."})");
  CHECK(hall.acts.asked.back() == "rule 1 ada@loopback m1 allow");
  hall.acts.shown = false;
  CHECK_THAT(ada.send(allow), Contains(R"("code":"automod_allowed")") &&
                                  Contains("it is not shown: its author is banned or timed out."));
  CHECK_THAT(
      ada.send(R"({"type":"rule","channel":"demo","id":"m1","verdict":"deny","key":"k","reason":"rude"})"),
      Contains("automod_denied"));
  CHECK(hall.acts.asked.back() == "rule 1 ada@loopback m1 deny rude");

  const std::size_t before = hall.acts.asked.size();
  CHECK_THAT(bob.send(allow), Contains("no_permission"));
  CHECK_THAT(bob.send(R"({"type":"queue","channel":"demo"})"), Contains(R"("code":"no_permission")"));
  CHECK(hall.acts.asked.size() == before);

  hall.acts.error = Error{Errc::conflict, "message m1 was denied by eve at noon", {}};
  CHECK_THAT(ada.send(allow), Contains("automod_decided") && Contains("denied by eve"));
  hall.acts.error = Error{Errc::not_found, "no", {}};
  CHECK_THAT(ada.send(allow), Contains("automod_not_held"));
  hall.acts.error = Error{Errc::unavailable, "away", {}};
  CHECK_THAT(ada.send(allow), Contains("unavailable_command"));
  CHECK_THAT(ada.send(R"({"type":"queue","channel":"demo"})"), Contains(R"("code":"unavailable")"));
  hall.acts.error.reset();

  hall.acts.waiting = {
      {"demo", "m1", user(8, "bob"), "hm", "automod", "swearing", 2, {{0, 1}}, Wall(milliseconds(5))},
      {"demo", "m2", user(8, "bob"), "ho", "blocked_term", "", 2, {}, Wall(milliseconds(6))}};
  CHECK(json::parse(ada.send(R"({"type":"queue","channel":"demo"})")) ==
        json::parse(R"({"type":"queue","channel":"demo","held":[
          {"type":"held","channel":"demo","id":"m1","user":{"id":"8","login":"bob","name":"Bob"},"text":"hm",
           "reason":"automod","category":"swearing","level":2,"where":[[0,1]],"at":5},
          {"type":"held","channel":"demo","id":"m2","user":{"id":"8","login":"bob","name":"Bob"},"text":"ho",
           "reason":"blocked_term","level":2,"where":[],"at":6}]})"));
  for (const char* bad :
       {R"({"type":"rule","channel":"demo","id":"m1","verdict":"maybe","key":"k"})",
        R"({"type":"rule","channel":"demo","verdict":"allow","key":"k"})",
        R"({"type":"rule","channel":"demo","id":"m1","verdict":"allow"})", R"({"type":"queue"})"})
    CHECK_THAT(ada.send(bad), Contains("bad_request"));
}

TEST_CASE("rulings and looks at the queue count among a moderator's commands") {
  TestHall hall;
  JsonPeer ada(hall);
  ada.send(R"({"type":"auth","ticket":"k7"})");
  ada.send(R"({"type":"join","channel":"demo"})");
  const std::string rule = R"({"type":"rule","channel":"demo","id":"m1","verdict":"allow","key":"k"})",
                    queue = R"({"type":"queue","channel":"demo"})";
  for (int i = 0; i < 50; ++i) {
    CHECK_THAT(ada.send(rule), Contains("automod_allowed"));
    CHECK_THAT(ada.send(queue), Contains(R"("type":"queue")"));
  }
  CHECK_THAT(ada.send(rule), Contains(R"("code":"msg_ratelimit")"));
  CHECK_THAT(ada.send(queue),
             Contains(R"("code":"rate_limited")") && Contains(R"("retry_after":30.000,"remaining":0)"));
  CHECK(hall.acts.asked.size() == 100);
  hall.clock.advance(seconds(30));
  CHECK_THAT(ada.send(queue), Contains(R"("type":"queue")"));
}

TEST_CASE("readers are asked to log in, and take no commands from one another") {
  TestHall hall;
  JsonPeer ada(hall);
  std::deque<JsonPeer> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(hall).send(R"({"type":"join","channel":"demo"})");
  const std::string rule = R"({"type":"rule","channel":"demo","id":"m1","verdict":"allow","key":"k"})",
                    queue = R"({"type":"queue","channel":"demo"})";
  for (int i = 0; i < 200; ++i) {
    CHECK_THAT(readers[i % 3].send(rule),
               Contains(R"("code":"not_authenticated")") && Contains(R"("key":"k")"));
    CHECK_THAT(readers[i % 3].send(queue), Contains(R"("code":"not_authenticated")"));
  }
  // Nor where a reader's command comes in by another way.
  Room& room = *hall.rooms.find("demo");
  std::vector<std::string> told;
  for (int i = 0; i < 200; ++i)
    hall.moderation.carry_out(room, {User{}, "loopback"}, *parse_command("clear"),
                              [&](const Notice& notice) { told.push_back(notice.id); });
  CHECK(std::ranges::count(told, "no_permission") == 200);
  CHECK(hall.acts.asked.empty());
}

TEST_CASE("a token that may only read rules on nothing, whoever's it is") {
  TestHall hall;
  hall.directory.tickets["reads"] = {user(7, "ada"), false, TokenId(71), {}};
  JsonPeer ada(hall);
  ada.send(R"({"type":"auth","ticket":"reads"})");
  ada.send(R"({"type":"join","channel":"demo"})");
  CHECK_THAT(ada.send(R"({"type":"rule","channel":"demo","id":"m1","verdict":"allow","key":"k"})"),
             Contains(R"("code":"not_authenticated")") && Contains(R"("key":"k")"));
  CHECK(hall.acts.asked.empty());
  CHECK_THAT(ada.send(R"({"type":"queue","channel":"demo"})"), Contains(R"("type":"queue")"));
}

TEST_CASE("some members of a room are told alone, each in its wire") {
  TestHall hall;
  JsonPeer ada(hall), bob(hall);
  IrcPeer bot(hall);
  ada.send(R"({"type":"auth","ticket":"k7"})");
  bob.send(R"({"type":"auth","ticket":"k8"})");
  for (JsonPeer* peer : {&ada, &bob}) peer->send(R"({"type":"join","channel":"demo"})");
  bot.log_in("t7", "ada");
  bot.send("JOIN #demo\r\n");
  hall.flush();
  for (RecordingOutlet* outlet : {&ada.outlet, &bob.outlet, &bot.outlet}) outlet->take_delivered();
  hall.rooms.find("demo")->tell([](const Member& member) { return member.user->login == "ada"; },
                                [](std::string& out, const Wire& wire) {
                                  if (wire.json) out += "for pages";
                                },
                                hall.rooms.style());
  CHECK(ada.outlet.take_delivered() == "[for pages]");
  CHECK(bob.outlet.take_delivered().empty());
  CHECK(bot.outlet.batches.empty());
}

TEST_CASE("a decision is told with its moderator to moderators only") {
  const Decided decided{"demo", "m1", user(8, "bob"), "denied", user(7, "ada"), Wall(milliseconds(9))};
  std::string all, own;
  write_decided(all, decided, true);
  write_decided(own, decided, false);
  CHECK(
      all ==
      R"({"type":"decided","channel":"demo","id":"m1","user":{"id":"8","login":"bob","name":"Bob"},"status":"denied","by":{"id":"7","login":"ada","name":"Ada"},"at":9})");
  CHECK(
      own ==
      R"({"type":"decided","channel":"demo","id":"m1","user":{"id":"8","login":"bob","name":"Bob"},"status":"denied","at":9})");
}
