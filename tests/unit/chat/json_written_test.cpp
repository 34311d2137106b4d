// rooms: chat
// What is written for pages is what a strict parser reads: whatever a room or a moderator is told of, with
// any text in it.
#include <array>

#include "chat/evasion_lines.hpp"
#include "chat/held.hpp"
#include "chat/json_lines.hpp"
#include "chat/line.hpp"
#include "chat/whispers.hpp"
#include "unit/chat/json_wanted.hpp"

using namespace sluice;
using namespace sluice::chat;

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
