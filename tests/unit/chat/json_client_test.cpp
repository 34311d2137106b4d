#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;
using nlohmann::json;

namespace {
json one(const std::string& text) {
  CAPTURE(text);
  json object = json::parse(text, nullptr, false);
  CHECK(object.is_object());
  return object;
}
std::string auth(TestHall& hall, JsonPeer& peer, const std::string& ticket) {
  (void)hall;
  return peer.send(R"({"type":"auth","ticket":")" + ticket + "\"}");
}
std::string say(const std::string& text, const std::string& key) {
  return json{{"type", "message"}, {"channel", "demo"}, {"text", text}, {"key", key}}.dump();
}
constexpr std::string_view join = R"({"type":"join","channel":"demo"})";
}  // namespace

TEST_CASE("a page is greeted, logs in with a ticket once, and joins") {
  TestHall hall;
  JsonPeer page(hall);
  page.client->greet();
  const json hello = one(page.outlet.take_sent());
  CHECK(hello["type"] == "hello");
  CHECK(hello["version"] == 1);
  CHECK(hello["origin"] == "o1");
  CHECK(one(auth(hall, page, "k7")) ==
        one(R"({"type":"authenticated","user":{"id":"7","login":"ada","name":"Ada"}})"));
  const json joined = one(page.send(join));
  CHECK(joined["type"] == "joined");
  CHECK(joined["channel_id"] == "1");
  CHECK(joined["seq"] == 0);
  CHECK(joined["viewers"] == 1);
  CHECK(joined["you"]["user"]["login"] == "ada");
  CHECK(joined["you"]["badges"] == one("{\"b\":[[\"broadcaster\",\"1\"]]}")["b"]);
  CHECK(joined["history"].empty());
  JsonPeer thief(hall);
  CHECK(one(auth(hall, thief, "k7"))["code"] == "auth_failed");
}

TEST_CASE("a message is confirmed, then comes to everyone; its repeat is confirmed and not published") {
  TestHall hall;
  JsonPeer ada(hall), reader(hall);
  auth(hall, ada, "k7");
  ada.send(join);
  reader.send(join);
  const json confirmed = one(ada.send(say("he\"llo\n \xe2\x9c\x93", "k1")));
  CHECK(confirmed["type"] == "confirmed");
  CHECK(confirmed["key"] == "k1");
  CHECK(confirmed["seq"] == 1);
  CHECK_FALSE(confirmed.contains("duplicate"));
  hall.flush();
  const std::string delivered = ada.outlet.take_delivered();
  CHECK(delivered == reader.outlet.take_delivered());
  const json message = one(delivered.substr(1, delivered.size() - 2));
  CHECK(message["id"] == confirmed["id"]);
  CHECK(message["text"] == "he\"llo \xe2\x9c\x93");
  CHECK(message["user"]["login"] == "ada");

  const json repeat = one(ada.send(say("he\"llo\n \xe2\x9c\x93", "k1")));
  CHECK(repeat["duplicate"] == true);
  CHECK(repeat["seq"] == 1);
  hall.flush();
  CHECK(reader.outlet.take_delivered().empty());
}

TEST_CASE("a refused message may be sent again with its key") {
  TestHall hall;
  JsonPeer bob(hall);
  auth(hall, bob, "k8");
  bob.send(join);
  bob.send(say("one", "a"));
  const json refused = one(bob.send(say("two", "b")));
  CHECK(refused["code"] == "rate_limited");
  CHECK(refused["key"] == "b");
  CHECK(refused["retry_after"] == 1.0);
  CHECK(refused["remaining"] == 19);
  hall.clock.advance(seconds(1));
  CHECK(one(bob.send(say("two", "b")))["type"] == "confirmed");
}

TEST_CASE("a page that comes back gets what it missed, once") {
  TestHall hall;
  JsonPeer ada(hall);
  auth(hall, ada, "k7");
  ada.send(join);
  for (int i = 1; i <= 5; ++i) ada.send(say("m" + std::to_string(i), "k" + std::to_string(i)));
  JsonPeer back(hall);
  // Lines 1–5 are still waiting to be flushed: they are in the history, and must not come again.
  const json joined = one(back.send(R"({"type":"join","channel":"demo","after":{"o1":3}})"));
  REQUIRE(joined["history"].size() == 2);
  CHECK(joined["history"][0]["text"] == "m4");
  CHECK(joined["gap"] == false);
  hall.flush();
  CHECK(back.outlet.take_delivered().empty());
  ada.send(say("m6", "k6"));
  hall.flush();
  CHECK(back.outlet.take_delivered().find("m6") != std::string::npos);
}

TEST_CASE("a page that comes back is told what was taken off meanwhile") {
  TestHall hall;
  JsonPeer ada(hall);
  auth(hall, ada, "k7");
  ada.send(join);
  Room& room = *hall.rooms.find("demo");
  const auto back = [&](const std::string& how) {
    JsonPeer page(hall);
    return one(page.send(R"({"type":"join","channel":"demo")" + how + "}"));
  };
  for (int i = 1; i <= 3; ++i) ada.send(say("m" + std::to_string(i), "k" + std::to_string(i)));
  const std::string first = room.history().last(3)[0]->id;
  CHECK_FALSE(back(R"(,"cursor":{"o1":3})").contains("removed"));
  const auto ms = [&] { return hall.clock.wall().time_since_epoch().count(); };
  room.remove_message(first, "ada", "m1", hall.clock.wall());
  room.ban(user(8, "bob"), std::nullopt, hall.clock.wall());
  const std::int64_t banned = ms();
  CHECK(back(R"(,"cursor":{"o1":3})")["removed"] ==
        json({{"ids", {first}}, {"users", {{{"id", "8"}, {"at", banned}}}}}));
  CHECK(back(R"(,"after":{"o1":2})")["removed"]["ids"] == json({first}));
  CHECK_FALSE(back("").contains("removed"));  // who comes anew is not shown them anyway
  room.clear(hall.clock.wall());
  CHECK(back(R"(,"cursor":{"o1":3})")["removed"]["all"] == ms());
  // What a page was told itself, long before it went, it is not told again.
  hall.clock.advance(seconds(300));
  ada.send(say("m4", "k4"));
  CHECK_FALSE(back(R"(,"cursor":{"o1":4})").contains("removed"));
  CHECK(back(R"(,"cursor":{"o1":3})")["removed"].contains("all"));
  // Of an earlier run the history knows it.
  TestHall again;
  again.rooms.open(again.directory.channels["demo"]);
  Message before = *room.history().kept()[0].message;
  before.origin = "o0";
  again.rooms.find("demo")->restore(std::make_shared<const Message>(before), true);
  JsonPeer page(again);
  CHECK(one(page.send(R"({"type":"join","channel":"demo","cursor":{"o0":3}})"))["removed"] ==
        json({{"ids", {first}}}));
}

TEST_CASE("joining in the middle of a batch brings exactly the rest of it") {
  TestHall hall;
  JsonPeer ada(hall), late(hall);
  auth(hall, ada, "k7");
  ada.send(join);
  ada.send(say("before", "1"));
  late.send(R"({"type":"join","channel":"demo","history":0})");
  ada.send(say("after", "2"));
  hall.flush();
  const std::string delivered = late.outlet.take_delivered();
  CHECK(delivered.find("before") == std::string::npos);
  CHECK(delivered.find("after") != std::string::npos);
}

TEST_CASE("errors have codes") {
  TestHall hall;
  JsonPeer page(hall);
  for (const char* bad :
       {"", "x", "[]", "{}", R"({"type":"dance"})", R"({"type":"join"})",
        R"({"type":"join","channel":"no name"})", R"({"type":"join","channel":"demo","history":101})",
        R"({"type":"join","channel":"demo","after":[1]})",
        R"({"type":"message","channel":"demo","text":"x"})",
        R"({"type":"message","channel":"demo","text":"x","key":""})"}) {
    CAPTURE(bad);
    CHECK(one(page.send(bad))["code"] == "bad_request");
  }
  CHECK(one(page.send(R"({"type":"join","channel":"nowhere"})"))["code"] == "no_such_channel");
  CHECK(one(page.send(R"({"type":"leave","channel":"demo"})"))["code"] == "not_joined");
  CHECK(one(page.send(say("x", "k")))["code"] == "not_authenticated");
  auth(hall, page, "k8");
  CHECK(one(page.send(say("x", "k")))["code"] == "not_joined");
  page.send(join);
  CHECK(one(page.send(say(" ", "k")))["code"] == "empty");
  CHECK(one(page.send(say(std::string(501, 'x'), "k")))["code"] == "too_long");
  CHECK(one(page.send(say("/dance now", "k")))["code"] == "unknown_command");
  CHECK(one(page.send(say("/raid bob", "k")))["code"] == "unsupported_command");
  CHECK(one(page.send(say(".raid bob", "k")))["message"] ==
        "Raids cannot be started from chat on this platform.");
}

TEST_CASE("frames wait for the ones before them") {
  TestHall hall;
  JsonPeer page(hall);
  hall.directory.later = true;
  CHECK(auth(hall, page, "k7").empty());
  CHECK(page.send(join).empty());
  CHECK(page.send(say("first", "k")).empty());
  hall.directory.answer_all();
  hall.directory.answer_all();
  const std::string sent = page.outlet.take_sent();
  CHECK(sent.find("authenticated") < sent.find("joined"));
  CHECK(sent.find("joined") < sent.find("confirmed"));
}

TEST_CASE("logging in after joining keeps the rooms and counts one viewer") {
  TestHall hall;
  JsonPeer page(hall), second(hall);
  page.send(join);
  CHECK(hall.rooms.find("demo")->viewers() == 1);
  auth(hall, page, "k7");
  CHECK(hall.rooms.find("demo")->viewers() == 1);
  CHECK(one(page.send(say("hi", "k")))["type"] == "confirmed");
  second.send(join);
  CHECK(hall.rooms.find("demo")->viewers() == 2);
}

TEST_CASE("the viewer count is told at the beat when it changed") {
  TestHall hall;
  JsonPeer page(hall);
  page.send(join);
  hall.rooms.beat();
  hall.flush();
  CHECK(page.outlet.take_delivered() == R"([{"type":"presence","channel":"demo","viewers":1}])");
  hall.rooms.beat();
  hall.flush();
  CHECK(page.outlet.take_delivered().empty());
}

TEST_CASE("ping is answered with its id") {
  TestHall hall;
  JsonPeer page(hall);
  CHECK(page.send(R"({"type":"ping","id":{"a":1}})") == R"({"type":"pong","id":{"a":1}})");
  CHECK(page.send(R"({"type":"ping"})") == R"({"type":"pong"})");
}

TEST_CASE("IRC and pages hear each other") {
  TestHall hall;
  JsonPeer page(hall);
  IrcPeer bot(hall);
  auth(hall, page, "k7");
  page.send(join);
  bot.log_in("t8", "bob", false);
  bot.send("JOIN #demo\r\n");
  page.send(say("from the page", "k"));
  bot.send("PRIVMSG #demo :from IRC\r\n");
  hall.flush();
  CHECK(bot.outlet.take_delivered() == ":ada!ada@ada.tmi.twitch.tv PRIVMSG #demo :from the page\r\n");
  const std::string delivered = page.outlet.take_delivered();
  CHECK(delivered.find("from the page") < delivered.find("from IRC"));
}

TEST_CASE("a token that is good no longer ends its page, with what waited behind it") {
  TestHall hall;
  JsonPeer page(hall);
  auth(hall, page, "k7");
  page.send(join);
  CHECK(page.client->credential().token == TokenId(70));
  hall.directory.later = true;
  page.send(R"({"type":"join","channel":"other"})");
  page.send(say("from the grave", "k"));
  page.client->refuse_token();
  CHECK(page.outlet.take_sent().find(R"("code":"token_revoked")") != std::string::npos);
  CHECK(page.outlet.closed == "the token is good no longer");
  CHECK(hall.rooms.find("demo")->members() == 0);
  hall.directory.answer_all();
  CHECK(hall.rooms.find("demo")->seq() == 0);
}

TEST_CASE("pages are told of titles and of going live, IRC is not") {
  TestHall hall;
  JsonPeer page(hall);
  IrcPeer bot(hall);
  page.send(join);
  bot.log_in("t8", "bob");
  bot.send("JOIN #demo\r\n");
  Room& room = *hall.rooms.find("demo");
  room.tell_title("first \"light\"");
  room.tell_live(true);
  hall.flush();
  CHECK(page.outlet.take_delivered() == R"([{"type":"title","channel":"demo","title":"first \"light\""}])"
                                        R"([{"type":"stream","channel":"demo","live":true}])");
  CHECK(bot.outlet.take_delivered().empty());
}

TEST_CASE(
    "what joins is answered with fits a slow reader's queue: the newest, and a gap when something was asked "
    "for") {
  TestHall hall;
  hall.hall.limits.history_bytes = 2000;
  JsonPeer ada(hall);
  auth(hall, ada, "k7");
  ada.send(join);
  for (int i = 0; i < 20; ++i)
    ada.send(say(std::string(300, 'x') + std::to_string(i), "k" + std::to_string(i)));
  JsonPeer page(hall), back(hall);
  const std::string text = page.send(join);
  CHECK(text.size() < 2400);
  const json joined = one(text);
  REQUIRE(joined["history"].size() == 3);
  CHECK(joined["history"][2]["seq"] == 20);
  CHECK(joined["gap"] == false);
  CHECK(one(back.send(R"({"type":"join","channel":"demo","after":{"o1":17}})"))["gap"] == false);
  const json resumed = one(back.send(R"({"type":"join","channel":"demo","after":{"o1":16}})"));
  CHECK(resumed["gap"] == true);
  CHECK(resumed["history"][0]["seq"] == 18);
}

TEST_CASE("a message that is malformed is refused under its key") {
  TestHall hall;
  JsonPeer page(hall);
  CHECK(one(page.send(R"({"type":"message","channel":"demo","text":5,"key":"k1"})"))["key"] == "k1");
  CHECK_FALSE(one(page.send(R"({"type":"message","channel":"demo","text":"x","key":5})")).contains("key"));
  CHECK_FALSE(one(page.send(R"({"type":"message","channel":"demo","text":"x","key":")" +
                            std::string(65, 'k') + "\"}"))
                  .contains("key"));
  const std::string longest = json{{"type", "join"}, {"key", std::string(64, 'k')}}.dump();
  CHECK(one(page.send(longest))["key"] == std::string(64, 'k'));
}

TEST_CASE("after a page was closed nothing that it had sent is carried out") {
  TestHall hall;
  JsonPeer page(hall);
  auth(hall, page, "k7");
  page.send(join);
  hall.directory.later = true;
  page.send(R"({"type":"join","channel":"other"})");
  page.send(say("held", "k"));
  std::string last;
  for (int i = 0; i < 64; ++i) last = page.send(R"({"type":"ping"})");
  CHECK(page.outlet.closed == "too many frames at once");
  CHECK(last.find("too_many_frames") != std::string::npos);
  hall.directory.answer_all();
  CHECK(hall.rooms.find("demo")->seq() == 0);
  CHECK(hall.rooms.find("other") == nullptr);
}

TEST_CASE("after: everything, nothing, and what makes no sense") {
  TestHall hall;
  JsonPeer ada(hall);
  auth(hall, ada, "k7");
  ada.send(join);
  for (int i = 1; i <= 3; ++i) ada.send(say("m" + std::to_string(i), "k" + std::to_string(i)));
  const auto resumed = [&](const std::string& after) {
    JsonPeer page(hall);
    return one(page.send(R"({"type":"join","channel":"demo","history":1,"after":)" + after + "}"));
  };
  CHECK(resumed("{}")["history"].size() == 3);
  CHECK(resumed(R"({"o1":0})")["history"].size() == 3);
  CHECK(resumed(R"({"o1":3})")["history"].empty());
  CHECK(resumed(R"({"o1":18446744073709551615})")["history"].empty());
  CHECK(resumed("null")["history"].size() == 1);
  for (const char* bad : {"[]", "7", R"({"o1":-1})", R"({"o1":1.5})", R"({"o1":"3"})", R"({"o1":null})"}) {
    CAPTURE(bad);
    CHECK(resumed(bad)["code"] == "bad_request");
  }
  std::string many = "{";
  for (int i = 0; i < 257; ++i) many += (i > 0 ? ",\"r" : "\"r") + std::to_string(i) + "\":1";
  CHECK(resumed(many + "}")["code"] == "bad_request");
}

TEST_CASE("keys of any characters confirm what they named, for their own user and room only") {
  TestHall hall;
  JsonPeer ada(hall), bob(hall);
  auth(hall, ada, "k7");
  auth(hall, bob, "k8");
  ada.send(join);
  bob.send(join);
  const std::string odd = "\x01\"\\ \xe2\x80\xae\xf0\x9f\x98\x80";
  const json confirmed = one(ada.send(say("one", odd)));
  CHECK(confirmed["key"] == odd);
  CHECK(one(ada.send(say("another text", odd)))["id"] == confirmed["id"]);
  CHECK(one(bob.send(say("one", odd)))["id"] != confirmed["id"]);
  hall.clock.advance(std::chrono::minutes(7));
  CHECK_FALSE(one(ada.send(say("one", odd))).contains("duplicate"));
}
