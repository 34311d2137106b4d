// rooms: chat
// What a page is answered is what a strict parser reads, with any text in it.
#include "chat/json_lines.hpp"
#include "unit/chat/json_wanted.hpp"

using namespace sluice;
using namespace sluice::chat;

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

    json error{
        {"type", "error"}, {"code", "busy"}, {"message", text}, {"retry_after", 1.5}, {"remaining", 3}};
    put_unless_empty(error, "channel", channel);
    put_unless_empty(error, "key", key);
    put_unless_empty(error, "id", id);
    CHECK(read([&](std::string& out) {
            write_error(out, {ErrorCode::busy, text, channel, key, id, milliseconds(1500), 3});
          }) == error);

    const Message message = random_message(any);
    JoinedAnswer joined{.channel = any.channel(),
                        .origin = text,
                        .seq = number,
                        .at = message.at,
                        .cursor = {{"o1", number}},
                        .viewers = 2,
                        .settings = any.settings(),
                        .you = &user,
                        .roles = {.moderator = true},
                        .badges = any.badges(),
                        .gap = any.coin(),
                        .history = {},
                        .notices = {},
                        .taken_off = {{text}, {{user.id, message.at}}, message.at}};
    write_message(joined.history.emplace_back(), message);
    json you{{"user", as_json(user)}, {"mod", true}, {"badges", as_json(joined.badges)}};
    put_unless_empty(you, "color", user.color);
    CHECK(read([&](std::string& out) { write_joined(out, joined); }) ==
          json{{"type", "joined"},
               {"channel", joined.channel.name},
               {"channel_id", std::to_string(joined.channel.id.value())},
               {"origin", text},
               {"seq", seq},
               {"at", message.at.time_since_epoch().count()},
               {"cursor", {{"o1", seq}}},
               {"viewers", 2},
               {"settings", as_json(joined.settings)},
               {"you", you},
               {"gap", joined.gap},
               {"history", {as_json(message)}},
               {"removed",
                {{"ids", {text}},
                 {"users",
                  {{{"id", std::to_string(user.id.value())}, {"at", message.at.time_since_epoch().count()}}}},
                 {"all", message.at.time_since_epoch().count()}}}});
  }
}
