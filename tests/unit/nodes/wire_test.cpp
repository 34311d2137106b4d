// What nodes tell one another: there and back, and everything that must not come through.
#include "nodes/wire.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/random.hpp"

using namespace sluice;
using namespace sluice::nodes;
using nlohmann::json;

namespace {
chat::User user(std::int64_t id, std::string login) {
  return {UserId(id), login, login + " Ü", "#00FF7F"};
}

chat::Message full() {
  chat::Message m;
  m.id = "5f0c-1";
  m.origin = "k3fq2a";
  m.seq = 42;
  m.channel = ChannelId(3);
  m.at = Wall(milliseconds(1'764'200'000'123));
  m.order = 1'764'200'000'125;
  m.author = user(7, "ada");
  m.roles = {true, true, true, true};
  m.badges = {{"broadcaster", "1"}, {"subscriber", "12", "14"}};
  m.emotes = {{"25", 0, 4}, {"emotesv2_x", 6, 6}};
  m.text = "Kappa ü \"quoted\" \\ 🙂";
  m.action = true;
  m.announcement = "PRIMARY";
  m.first = true;
  m.client_nonce = "n-1";
  m.reply = chat::Reply{"aa", user(8, "bob"), "what's that?", "bb", user(9, "cyd")};
  return m;
}

bool same(const chat::User& a, const chat::User& b) {
  return a.id == b.id && a.login == b.login && a.name == b.name && a.color == b.color;
}

// Every member that a message has; what is added to it must be added here.
void check_same(const chat::Message& a, const chat::Message& b) {
  CHECK(a.id == b.id);
  CHECK(a.origin == b.origin);
  CHECK(a.seq == b.seq);
  CHECK(a.channel == b.channel);
  CHECK(a.at == b.at);
  CHECK(a.order == b.order);
  CHECK(same(a.author, b.author));
  CHECK(a.roles.broadcaster == b.roles.broadcaster);
  CHECK(a.roles.moderator == b.roles.moderator);
  CHECK(a.roles.vip == b.roles.vip);
  CHECK(a.roles.subscriber == b.roles.subscriber);
  REQUIRE(a.badges.size() == b.badges.size());
  for (std::size_t i = 0; i < a.badges.size(); ++i)
    CHECK((a.badges[i].set == b.badges[i].set && a.badges[i].version == b.badges[i].version &&
           a.badges[i].info == b.badges[i].info));
  REQUIRE(a.emotes.size() == b.emotes.size());
  for (std::size_t i = 0; i < a.emotes.size(); ++i)
    CHECK((a.emotes[i].id == b.emotes[i].id && a.emotes[i].first == b.emotes[i].first &&
           a.emotes[i].last == b.emotes[i].last));
  CHECK(a.text == b.text);
  CHECK(a.action == b.action);
  CHECK(a.announcement == b.announcement);
  CHECK(a.first == b.first);
  CHECK(a.returning == b.returning);
  CHECK(a.bits == b.bits);
  CHECK(a.anonymous == b.anonymous);
  CHECK(a.client_nonce == b.client_nonce);
  REQUIRE(a.reply.has_value() == b.reply.has_value());
  if (!a.reply) return;
  CHECK(a.reply->id == b.reply->id);
  CHECK(same(a.reply->author, b.reply->author));
  CHECK(a.reply->text == b.reply->text);
  CHECK(a.reply->thread == b.reply->thread);
  CHECK(same(a.reply->thread_author, b.reply->thread_author));
}

Said said(chat::Message m, bool removed = false) {
  return {std::make_shared<const chat::Message>(std::move(m)), removed};
}
template <class T>
T taken(const std::string& text) {
  const auto told = decode(text);
  REQUIRE(told.has_value());
  REQUIRE(std::holds_alternative<T>(*told));
  return std::get<T>(*told);
}
}  // namespace

TEST_CASE("a line goes over with all it has, and with as little as it may have") {
  const Said whole = taken<Said>(encode(said(full(), true), ChannelId(3)));
  CHECK(whole.removed);
  check_same(*whole.message, full());
  chat::Message bare;
  bare.id = "x";
  bare.origin = "a";
  bare.seq = 1;
  bare.channel = ChannelId(1);
  bare.author = {UserId(1), "ada", "Ada", ""};
  bare.text = "x";
  check_same(*taken<Said>(encode(said(bare), ChannelId(1))).message, bare);
}

TEST_CASE("heads, questions and answers go over") {
  const Heads heads{
      "a", "chat-1", true, {{ChannelId(1), 3, {{"a", {1, 42}}, {"b", {7, 7}}}}, {ChannelId(2), 0, {}}}};
  const Heads back = taken<Heads>(encode(heads));
  CHECK(back.from == "a");
  CHECK(back.name == "chat-1");
  CHECK(back.asks);
  REQUIRE(back.rooms.size() == 2);
  CHECK(back.rooms[0].viewers == 3);
  CHECK(back.rooms[0].origins == heads.rooms[0].origins);
  CHECK(back.born == Wall{});  // of a node of before that was told
  CHECK(taken<Heads>(encode(Heads{"a", "", false, {}, Wall(milliseconds(5))})).born == Wall(milliseconds(5)));
  CHECK_FALSE(decode(R"({"v":1,"type":"heads","from":"a","born":-1,"rooms":[]})"));
  CHECK_FALSE(decode(R"({"v":1,"type":"heads","from":"a","born":"now","rooms":[]})"));
  const Want want = taken<Want>(encode(Want{"a", ChannelId(9), "b", {3, 8}}));
  CHECK((want.from == "a" && want.channel == ChannelId(9) && want.of == "b" && want.range == Range{3, 8}));
  const Lines lines = taken<Lines>(encode(Lines{"a", ChannelId(3), "k3fq2a", {40, 50}, {said(full())}}));
  CHECK(lines.range == Range{40, 50});
  REQUIRE(lines.lines.size() == 1);
  check_same(*lines.lines[0].message, full());
  CHECK(taken<Canary>(encode(Canary{"a", 12})).number == 12);
  CHECK(taken<Bye>(encode(Bye{"a"})).from == "a");
  CHECK(std::holds_alternative<Unknown>(*decode(R"({"v":1,"type":"of later days"})")));
  CHECK(std::holds_alternative<Unknown>(*decode(R"({"v":2})")));
}

TEST_CASE("a whisper goes over, and none that may not be shown") {
  const chat::Whisper whisper{"w-1", Wall(milliseconds(1'700'000'000'000)), {UserId(7), "ada", "Ada", "#00FF7F"},
                              {UserId(8), "bob", "Bob", ""}, "psst Wave", {{"1", 5, 8}}};
  const std::string text = encode(Whispered{"a", whisper});
  const Whispered back = taken<Whispered>(text);
  CHECK((back.from == "a" && back.whisper.id == "w-1" && back.whisper.at == whisper.at));
  CHECK((same(back.whisper.from, whisper.from) && same(back.whisper.to, whisper.to)));
  CHECK(back.whisper.text == whisper.text);
  REQUIRE(back.whisper.emotes.size() == 1);
  CHECK((back.whisper.emotes[0].first == 5 && back.whisper.emotes[0].last == 8));
  const json good = json::parse(text);
  const auto refused = [&](const char* path, const json& value) {
    json bad = good;
    bad[json::json_pointer(path)] = value;
    CAPTURE(path, value.dump());
    CHECK_FALSE(decode(bad.dump()).has_value());
  };
  for (const json& value : {json(""), json("a\r\nWHISPER x :y"), json(std::string(501, 'x')), json(5)})
    refused("/whisper/text", value);
  refused("/whisper/emotes/0/2", 9);
  for (const char* path : {"/from", "/whisper", "/whisper/id", "/whisper/at", "/whisper/user", "/whisper/to", "/whisper/emotes"})
    refused(path, "a b");
  refused("/whisper/user/1", "Not A Login");
  for (const char* member : {"id", "at", "user", "to", "text"}) {
    json bad = good;
    bad["whisper"].erase(member);
    CHECK_FALSE(decode(bad.dump()).has_value());
  }
}

TEST_CASE("a cheer, also of nobody, and an answer to nobody") {
  chat::Message cheer = full();
  cheer.bits = 150;
  cheer.returning = true;
  check_same(*taken<Said>(encode(said(cheer), ChannelId(3))).message, cheer);
  cheer.anonymous = true;
  cheer.author = chat::anonymous_cheerer();
  cheer.reply->author = cheer.reply->thread_author = chat::anonymous_cheerer();
  check_same(*taken<Said>(encode(said(cheer), ChannelId(3))).message, cheer);

  const json good = json::parse(encode(said(cheer), ChannelId(3)));
  const auto refused = [&](const char* path, const json& value) {
    json bad = good;
    bad[json::json_pointer(path)] = value;
    CAPTURE(path, value.dump());
    CHECK_FALSE(decode(bad.dump()).has_value());
  };
  for (const json& value : {json(0), json(-1), json("1"), json(1.5), json((1ULL << 53) + 1)})
    refused("/message/bits", value);
  refused("/message/anonymous", 1);
  refused("/message/anonymous", false);  // and its id is 0
  refused("/message/user/0", 8);
  refused("/message/user/1", "bob");
  refused("/message/reply/1/1", "bob");
  refused("/message/returning", "yes");
}

TEST_CASE("what may not be shown, or numbered so, does not come through") {
  const json good = json::parse(encode(said(full()), ChannelId(3)));
  const auto refused = [&](const char* path, const json& value) {
    json bad = good;
    bad[json::json_pointer(path)] = value;
    CAPTURE(path, value.dump());
    CHECK_FALSE(decode(bad.dump()).has_value());
  };
  REQUIRE(decode(good.dump()).has_value());
  for (const char* text : {"", "a\r\nPRIVMSG #x :y", "a\x01"}) {
    refused("/message/text", text);
    refused("/message/user/2", text);
    refused("/message/reply/2", std::string(text) + "\n");
  }
  refused("/message/text", std::string(501, 'x'));
  refused("/message/user/1", "Ada");
  refused("/message/user/1", "ad a");
  refused("/message/user/0", 0);
  refused("/message/user/3", "red");
  refused("/message/id", "with space");
  refused("/message/origin", "UP");
  refused("/message/origin", std::string(65, 'a'));
  refused("/message/seq", 0);
  refused("/message/seq", -1);
  refused("/message/seq", (1ULL << 53) + 1);
  refused("/message/order", "1");
  refused("/message/roles", "x");
  refused("/message/badges/0/0", "a b");
  refused("/message/emotes/0/2", 20);
  refused("/message/emotes/0/1", 5);
  refused("/message/action", 1);
  refused("/message/announcement", "BLUE;x");
  refused("/message/nonce", "a\nb");
  refused("/message/reply", json::array());
  refused("/channel", 0);
  refused("/v", "1");
  for (const char* bad : {R"({"v":1,"type":"heads","from":"a"})",
                          R"({"v":1,"type":"heads","from":"a","rooms":[[1,0,{"b":[2,1]}]]})",
                          R"({"v":1,"type":"heads","from":"a","rooms":[[1,0,{"B":[1,1]}]]})",
                          R"({"v":1,"type":"want","from":"a","channel":1,"of":"b","first":2,"last":1})",
                          R"({"v":1,"type":"lines","from":"a","channel":1,"of":"b","first":1,"last":2})",
                          R"({"v":1,"type":"canary","from":"a"})", R"({"v":1,"type":"bye"})"}) {
    CAPTURE(bad);
    CHECK_FALSE(decode(bad).has_value());
  }
  Lines lines{"a", ChannelId(3), "k3fq2a", {1, 50}, {said(full()), said(full())}};
  CHECK_FALSE(decode(encode(lines)).has_value());  // a number twice
  lines.lines.pop_back();
  lines.range = {43, 50};
  CHECK_FALSE(decode(encode(lines)).has_value());  // not of the range
  lines.range = {1, 50};
  lines.of = "b";
  CHECK_FALSE(decode(encode(lines)).has_value());  // not of the origin
}

TEST_CASE("random bytes changed in what is told never come through unfit") {
  SeededRandom random(7);
  const std::string good = encode(said(full()), ChannelId(3));
  int taken = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string text = good;
    for (std::uint64_t k = 1 + random.below(3); k > 0; --k)
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    const auto told = decode(text);
    if (!told || !std::holds_alternative<Said>(*told)) continue;
    ++taken;
    const chat::Message& m = *std::get<Said>(*told).message;
    CHECK(m.text.find_first_of("\r\n") == std::string::npos);
    CHECK(m.seq > 0);
    const std::string once = encode(std::get<Said>(*told), m.channel);
    CHECK(encode(std::get<Said>(*decode(once)), m.channel) == once);
  }
  CHECK(taken > 100);
}
