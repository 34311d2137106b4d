// rooms: chat
// What is written for pages is what a strict parser reads: every kind of object, with any text in it.
#include <array>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "chat/evasion_lines.hpp"
#include "chat/held.hpp"
#include "chat/json_lines.hpp"
#include "chat/moderation_lines.hpp"
#include "chat/whispers.hpp"
#include "unit/chat/hostile.hpp"

using namespace sluice;
using namespace sluice::chat;
using nlohmann::json;

namespace {
constexpr int rounds = 300;

template <class Write>
json read(const Write& write) {
  std::string out;
  write(out);
  INFO(out);
  REQUIRE(is_utf8(out));
  json read = json::parse(out, nullptr, false);
  REQUIRE_FALSE(read.is_discarded());
  return read;
}

// ---- what is to be read

json ms(Wall at) {
  return at.time_since_epoch().count();
}
json as_json(const User& user) {
  return {{"id", std::to_string(user.id.value())}, {"login", user.login}, {"name", user.name}};
}
json as_json(const std::vector<Badge>& badges) {
  json all = json::array();
  for (const Badge& badge : badges) all.push_back({badge.set, badge.version});
  return all;
}
json as_json(const std::vector<EmoteUse>& emotes) {
  json all = json::array();
  for (const EmoteUse& use : emotes) all.push_back({use.id, use.first, use.last});
  return all;
}
json as_json(const RoomSettings& settings) {
  return {{"emote_only", settings.emote_only},
          {"followers_only", settings.followers_only},
          {"unique", settings.unique},
          {"slow", settings.slow},
          {"subs_only", settings.subs_only}};
}
void put_unless_empty(json& object, const char* name, const json& value) {
  if (!value.empty() && value != "") object[name] = value;
}

Message random_message(Hostile& any) {
  Message message;
  message.id = any.text();
  message.origin = any.text();
  message.seq = static_cast<std::uint64_t>(any.number());
  message.channel_name = any.text();
  message.at = any.time();
  message.author = any.user();
  message.badges = any.badges();
  message.emotes = any.emotes();
  message.text = any.text();
  message.action = any.coin();
  message.announcement = any.coin() ? any.text() : "";
  message.bits = any.coin() ? any.number() : 0;
  message.anonymous = any.coin();
  message.first = any.coin();
  message.returning = any.coin();
  if (any.coin()) message.reply = Reply{any.text(), any.user(), any.text(), any.text(), any.user()};
  return message;
}
json as_json(const Message& message) {
  json object{{"type", "message"},
              {"channel", message.channel_name},
              {"id", message.id},
              {"origin", message.origin},
              {"seq", message.seq},
              {"at", ms(message.at)},
              {"user", as_json(message.author)},
              {"text", message.text}};
  put_unless_empty(object, "color", message.author.color);
  put_unless_empty(object, "badges", as_json(message.badges));
  put_unless_empty(object, "announcement", message.announcement);
  put_unless_empty(object, "emotes", as_json(message.emotes));
  if (message.reply)
    object["reply"] = {{"id", message.reply->id},
                       {"user", as_json(message.reply->author)},
                       {"text", message.reply->text},
                       {"thread", message.reply->thread}};
  if (message.bits > 0) object["bits"] = message.bits;
  if (message.action) object["action"] = true;
  if (message.anonymous) object["anonymous"] = true;
  if (message.first) object["first"] = true;
  if (message.returning) object["returning"] = true;
  return object;
}
}  // namespace

TEST_CASE("any message is read as it was written") {
  Hostile any(1);
  for (int round = 0; round < rounds; ++round) {
    const Message message = random_message(any);
    CHECK(read([&](std::string& out) { write_message(out, message); }) == as_json(message));
  }
}

TEST_CASE("what a room tells its pages is read as it was written") {
  Hostile any(2);
  for (int round = 0; round < rounds; ++round) {
    const Channel channel = any.channel();
    const User user = any.user();
    const std::string text = any.text(), id = any.text();
    const Wall at = any.time();
    const RoomSettings settings = any.settings();
    const bool yes = any.coin();
    const std::int64_t one = any.number(), two = any.number();
    const auto is = [&](const Line& line, json wanted) {
      wanted["channel"] = channel.name;
      CHECK(read([&](std::string& out) { render(out, line, Wire{.json = true}, "host"); }) == wanted);
    };
    const auto number = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
    is({Presence{channel.name, number(one)}}, {{"type", "presence"}, {"viewers", one}});
    is({SettingsChange{channel, {}, settings}}, {{"type", "settings"}, {"settings", as_json(settings)}});
    is({TitleChange{channel.name, text}}, {{"type", "title"}, {"title", text}});
    is({LiveChange{channel.name, yes}}, {{"type", "stream"}, {"live", yes}});
    json banned{{"type", "banned"}, {"at", ms(at)}, {"user", as_json(user)}};
    is({UserCleared{channel, user, std::nullopt, at}}, banned);
    banned["duration"] = one;
    is({UserCleared{channel, user, seconds(one), at}}, banned);
    is({Cleared{channel, at}}, {{"type", "cleared"}, {"at", ms(at)}});
    is({MessageRemoved{channel, id, user.login, text, at}},
       {{"type", "deleted"}, {"id", id}, {"at", ms(at)}});
    is({Skipped{channel.name, text, number(one), number(two)}},
       {{"type", "gap"}, {"origin", text}, {"first", one}, {"last", two}});
    is({Sampled{channel.name, number(one), number(two)}},
       {{"type", "sampled"}, {"told", one}, {"left_out", two}});
  }
}

TEST_CASE("notices of supporters and raids are read as they were written") {
  using Kind = UserNotice::Kind;
  Hostile any(3);
  for (int round = 0; round < rounds; ++round) {
    UserNotice notice{
        .kind = std::array{Kind::sub, Kind::resub, Kind::sub_gift, Kind::mystery_gift, Kind::raid}[round % 5],
        .id = any.text(),
        .at = any.time(),
        .channel = any.channel(),
        .user = any.coin() ? any.user() : User{},
        .roles = {},
        .badges = any.badges(),
        .text = any.text(),
        .emotes = any.emotes(),
        .months = any.number(),
        .streak = any.number(),
        .recipient = any.user(),
        .gift = any.text(),
        .community = any.coin(),
        .total = any.number(),
        .count = any.number()};
    const json found = read([&](std::string& out) { write_user_notice_object(out, notice); });
    const bool gift = notice.kind == Kind::sub_gift || notice.kind == Kind::mystery_gift;
    CHECK(found["channel"] == notice.channel.name);
    CHECK(found["id"] == notice.id);
    CHECK(found["at"] == ms(notice.at));
    CHECK(found["user"] == (notice.user.id.value() == 0 ? json() : as_json(notice.user)));
    CHECK(found["system"] == system_message(notice));
    CHECK(found.value("text", "") == notice.text);
    CHECK(found.value("badges", json::array()) == as_json(notice.badges));
    CHECK(found.value("emotes", json::array()) == as_json(notice.emotes));
    CHECK((notice.kind == Kind::raid ? found["viewers"] == notice.count : found["tier"] == 1));
    if (gift) CHECK((found["gift"] == notice.gift && found["total"] == *notice.total));
    if (notice.kind == Kind::sub_gift)
      CHECK((found["to"] == as_json(notice.recipient) && found["months"] == notice.months));
    if (notice.kind == Kind::mystery_gift) CHECK(found["count"] == notice.count);
    if (!gift && notice.kind != Kind::raid)
      CHECK((found["streak"] == *notice.streak && found["months"] == notice.months));
  }
}

TEST_CASE("what moderators and one user alone are told is read as it was written") {
  Hostile any(4);
  for (int round = 0; round < rounds; ++round) {
    const Held held{.channel = any.text(),
                    .id = any.text(),
                    .user = any.user(),
                    .text = any.text(),
                    .reason = any.coin() ? "automod" : "blocked_term",
                    .category = any.text(),
                    .level = 3,
                    .boundaries = {{0, 4'294'967'295U}, {7, 9}},
                    .at = any.time()};
    json wanted{{"type", "held"},    {"channel", held.channel},
                {"id", held.id},     {"user", as_json(held.user)},
                {"text", held.text}, {"reason", held.reason},
                {"level", 3},        {"where", {{0, 4'294'967'295U}, {7, 9}}},
                {"at", ms(held.at)}};
    if (held.reason == "automod") wanted["category"] = held.category;
    CHECK(read([&](std::string& out) { write_held(out, held); }) == wanted);
    CHECK(read([&](std::string& out) {
            write_held_queue(out, held.channel, {held, held});
          }) == json{{"type", "queue"}, {"channel", held.channel}, {"held", {wanted, wanted}}});

    const User by = any.user();
    const Decided decided{held.channel, held.id, held.user, any.text(), by, held.at};
    json told{{"type", "decided"},          {"channel", held.channel},  {"id", held.id},
              {"user", as_json(held.user)}, {"status", decided.status}, {"at", ms(held.at)}};
    CHECK(read([&](std::string& out) { write_decided(out, decided, false); }) == told);
    told["by"] = as_json(by);
    CHECK(read([&](std::string& out) { write_decided(out, decided, true); }) == told);

    const Suspicion suspicion{held.channel, held.user,  by,           any.text(),
                              any.text(),   any.coin(), std::nullopt, held.at};
    CHECK(read([&](std::string& out) { write_suspicion(out, suspicion); }) ==
          json{{"type", "suspicious"},
               {"channel", held.channel},
               {"user", as_json(held.user)},
               {"banned", as_json(by)},
               {"evaluation", suspicion.evaluation},
               {"matched", suspicion.matched},
               {"status", suspicion.held ? "held" : "flagged"},
               {"at", ms(held.at)}});

    const Whisper whisper{any.text(), any.time(), any.user(), any.user(), any.text(), any.emotes()};
    const json heard = read([&](std::string& out) { write_whisper_object(out, whisper); });
    CHECK((heard["id"] == whisper.id && heard["text"] == whisper.text &&
           heard["user"] == as_json(whisper.from)));
    CHECK(heard.value("emotes", json::array()) == as_json(whisper.emotes));
  }
}

TEST_CASE("answers are read as they were written") {
  Hostile any(5);
  for (int round = 0; round < rounds; ++round) {
    const std::string channel = any.text(), key = any.text(), id = any.text(), text = any.text(),
                      code = any.text();
    const Wall at = any.time();
    const User user = any.user();
    const std::int64_t seq = any.number();
    const auto number = static_cast<std::uint64_t>(seq);
    CHECK(read([&](std::string& out) { write_hello(out, text, 7, 9); }) ==
          json{{"type", "hello"},
               {"version", 1},
               {"origin", text},
               {"limits", {{"text", 500}, {"key", 64}, {"rooms", 7}, {"frame", 9}}}});
    CHECK(read([&](std::string& out) { write_authenticated(out, user); }) ==
          json{{"type", "authenticated"}, {"user", as_json(user)}});
    CHECK(read([&](std::string& out) { write_left(out, channel); }) ==
          json{{"type", "left"}, {"channel", channel}});
    CHECK(read([&](std::string& out) {
            write_confirmed(out, {channel, key, id, text, number, at, true});
          }) == json{{"type", "confirmed"},
                     {"channel", channel},
                     {"key", key},
                     {"id", id},
                     {"origin", text},
                     {"seq", seq},
                     {"at", ms(at)},
                     {"duplicate", true}});
    CHECK(read([&](std::string& out) {
            write_notice_object(out, {channel, key, code, text});
          }) ==
          json{{"type", "notice"}, {"channel", channel}, {"key", key}, {"code", code}, {"message", text}});
    CHECK(read([&](std::string& out) { write_reconnect_object(out, seconds(seq)); }) ==
          json{{"type", "reconnect"}, {"after", seq}});
    CHECK(read([&](std::string& out) { write_pong(out, json(text).dump()); }) ==
          json{{"type", "pong"}, {"id", text}});

    json error{{"type", "error"}, {"code", code}, {"message", text}, {"retry_after", 1.5}, {"remaining", 3}};
    put_unless_empty(error, "channel", channel);
    put_unless_empty(error, "key", key);
    put_unless_empty(error, "id", id);
    CHECK(read([&](std::string& out) {
            write_error(out, {code, text, channel, key, id, milliseconds(1500), 3});
          }) == error);

    const Message message = random_message(any);
    JoinedAnswer joined{.channel = any.channel(),
                        .origin = text,
                        .seq = number,
                        .cursor = {{"o1", number}},
                        .viewers = 2,
                        .settings = any.settings(),
                        .you = &user,
                        .roles = {.moderator = true},
                        .badges = any.badges(),
                        .gap = any.coin(),
                        .history = {}};
    write_message(joined.history.emplace_back(), message);
    json you{{"user", as_json(user)}, {"mod", true}, {"badges", as_json(joined.badges)}};
    put_unless_empty(you, "color", user.color);
    CHECK(read([&](std::string& out) { write_joined(out, joined); }) ==
          json{{"type", "joined"},
               {"channel", joined.channel.name},
               {"channel_id", std::to_string(joined.channel.id.value())},
               {"origin", text},
               {"seq", seq},
               {"cursor", {{"o1", seq}}},
               {"viewers", 2},
               {"settings", as_json(joined.settings)},
               {"you", you},
               {"gap", joined.gap},
               {"history", {as_json(message)}}});
  }
}
