#include "chat/json_lines.hpp"

#include <iterator>

#include <fmt/format.h>

#include "chat/json_object.hpp"

namespace sluice::chat {

void write_message(std::string& out, const Message& message) {
  JsonObject object(out);
  object.text("type", "message").text("channel", message.channel_name).text("id", message.id);
  object.text("origin", message.origin)
      .number("seq", static_cast<std::int64_t>(message.seq))
      .time("at", message.at);
  append_user(object.member("user"), message.author);
  if (!message.author.color.empty()) object.text("color", message.author.color);
  if (!message.badges.empty()) append_badges(object.member("badges"), message.badges);
  object.text("text", message.text);
  if (message.action) object.boolean("action", true);
  if (!message.announcement.empty()) object.text("announcement", message.announcement);
  if (!message.emotes.empty()) append_emotes(object.member("emotes"), message.emotes);
  if (message.reply) {
    JsonObject reply(object.member("reply"));
    reply.text("id", message.reply->id);
    append_user(reply.member("user"), message.reply->author);
    reply.text("text", message.reply->text).text("thread", message.reply->thread);
  }
  if (message.bits > 0) object.number("bits", message.bits);
  if (message.anonymous) object.boolean("anonymous", true);
  if (message.first) object.boolean("first", true);
  if (message.returning) object.boolean("returning", true);
}

void write_presence(std::string& out, const Presence& presence) {
  JsonObject(out)
      .text("type", "presence")
      .text("channel", presence.channel)
      .number("viewers", static_cast<std::int64_t>(presence.viewers));
}

void write_settings(std::string& out, std::string_view channel, const RoomSettings& settings) {
  JsonObject object(out);
  object.text("type", "settings").text("channel", channel);
  append_settings(object.member("settings"), settings);
}

void write_title(std::string& out, const TitleChange& change) {
  JsonObject(out).text("type", "title").text("channel", change.channel).text("title", change.title);
}

void write_live(std::string& out, const LiveChange& change) {
  JsonObject(out).text("type", "stream").text("channel", change.channel).boolean("live", change.live);
}

void write_gap(std::string& out, const Skipped& skipped) {
  JsonObject(out)
      .text("type", "gap")
      .text("channel", skipped.channel)
      .text("origin", skipped.origin)
      .number("first", static_cast<std::int64_t>(skipped.first))
      .number("last", static_cast<std::int64_t>(skipped.last));
}

void write_sampled(std::string& out, const Sampled& sampled) {
  JsonObject(out)
      .text("type", "sampled")
      .text("channel", sampled.channel)
      .number("told", static_cast<std::int64_t>(sampled.told))
      .number("left_out", static_cast<std::int64_t>(sampled.left_out));
}

void write_hello(std::string& out, std::string_view origin, std::size_t rooms, std::size_t frame_bytes) {
  JsonObject object(out);
  object.text("type", "hello").number("version", 1).text("origin", origin);
  JsonObject(object.member("limits"))
      .number("text", 500)
      .number("key", 64)
      .number("rooms", static_cast<std::int64_t>(rooms))
      .number("frame", static_cast<std::int64_t>(frame_bytes));
}

void write_authenticated(std::string& out, const User& user) {
  JsonObject object(out);
  object.text("type", "authenticated");
  append_user(object.member("user"), user);
}

void write_joined(std::string& out, const JoinedAnswer& answer) {
  JsonObject object(out);
  object.text("type", "joined")
      .text("channel", answer.channel.name)
      .text("channel_id", std::to_string(answer.channel.id.value()));
  object.text("origin", answer.origin)
      .number("seq", static_cast<std::int64_t>(answer.seq))
      .time("at", answer.at);
  {
    JsonObject cursor(object.member("cursor"));
    for (const auto& [origin, seq] : answer.cursor) cursor.number(origin, static_cast<std::int64_t>(seq));
  }
  object.number("viewers", static_cast<std::int64_t>(answer.viewers));
  append_settings(object.member("settings"), answer.settings);
  if (answer.you == nullptr) {
    object.member("you") += "null";
  } else {
    JsonObject you(object.member("you"));
    append_user(you.member("user"), *answer.you);
    if (!answer.you->color.empty()) you.text("color", answer.you->color);
    you.boolean("mod", answer.roles.moderates());
    append_badges(you.member("badges"), answer.badges);
  }
  object.boolean("gap", answer.gap);
  append_array(object.member("history"), answer.history, [&](const std::string& message) { out += message; });
  if (!answer.notices.empty())
    append_array(object.member("notices"), answer.notices,
                 [&](const UserNoticePtr& notice) { write_user_notice_object(out, *notice); });
  const TakenOff& taken = answer.taken_off;
  if (taken.ids.empty() && taken.authors.empty() && !taken.all) return;
  JsonObject removed(object.member("removed"));
  if (!taken.ids.empty())
    append_array(removed.member("ids"), taken.ids,
                 [&](const std::string& id) { append_json_string(out, id); });
  if (!taken.authors.empty())
    append_array(removed.member("users"), taken.authors, [&](const auto& author) {
      JsonObject(out).text("id", std::to_string(author.first.value())).time("at", author.second);
    });
  if (taken.all) removed.time("all", *taken.all);
}

void write_left(std::string& out, std::string_view channel) {
  JsonObject(out).text("type", "left").text("channel", channel);
}

void write_confirmed(std::string& out, const Confirmation& confirmation) {
  JsonObject object(out);
  object.text("type", "confirmed").text("channel", confirmation.channel).text("key", confirmation.key);
  object.text("id", confirmation.id).text("origin", confirmation.origin);
  object.number("seq", static_cast<std::int64_t>(confirmation.seq)).time("at", confirmation.at);
  if (confirmation.duplicate) object.boolean("duplicate", true);
}

void write_error(std::string& out, const ErrorAnswer& answer) {
  JsonObject object(out);
  object.text("type", "error").text("code", name(answer.code)).text("message", answer.text);
  if (!answer.channel.empty()) object.text("channel", answer.channel);
  if (!answer.key.empty()) object.text("key", answer.key);
  if (!answer.id.empty()) object.text("id", answer.id);
  if (answer.retry_after)
    fmt::format_to(std::back_inserter(object.member("retry_after")), "{:.3f}",
                   static_cast<double>(answer.retry_after->count()) / 1000);
  if (answer.remaining) object.number("remaining", *answer.remaining);
}

void write_notice_object(std::string& out, const NoticeAnswer& answer) {
  JsonObject(out)
      .text("type", "notice")
      .text("channel", answer.channel)
      .text("key", answer.key)
      .text("code", answer.code)
      .text("message", answer.text);
}

void write_reconnect_object(std::string& out, seconds within) {
  JsonObject(out).text("type", "reconnect").number("after", within.count());
}

void write_pong(std::string& out, std::string_view id_json) {
  JsonObject object(out);
  object.text("type", "pong");
  if (!id_json.empty()) object.member("id") += id_json;
}

}  // namespace sluice::chat
