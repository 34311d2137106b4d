#pragma once
// What pages' objects must be read as, by a strict parser.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "unit/chat/hostile.hpp"

namespace sluice::chat {

using nlohmann::json;
inline constexpr int rounds = 300;

template <class Write>
inline json read(const Write& write) {
  std::string out;
  write(out);
  INFO(out);
  REQUIRE(is_utf8(out));
  json read = json::parse(out, nullptr, false);
  REQUIRE_FALSE(read.is_discarded());
  return read;
}

// ---- what is to be read

inline json ms(Wall at) {
  return at.time_since_epoch().count();
}
inline json as_json(const User& user) {
  return {{"id", std::to_string(user.id.value())}, {"login", user.login}, {"name", user.name}};
}
inline json as_json(const std::vector<Badge>& badges) {
  json all = json::array();
  for (const Badge& badge : badges) all.push_back({badge.set, badge.version});
  return all;
}
inline json as_json(const std::vector<EmoteUse>& emotes) {
  json all = json::array();
  for (const EmoteUse& use : emotes) all.push_back({use.id, use.first, use.last});
  return all;
}
inline json as_json(const RoomSettings& settings) {
  return {{"emote_only", settings.emote_only},
          {"followers_only", settings.followers_only},
          {"unique", settings.unique},
          {"slow", settings.slow},
          {"subs_only", settings.subs_only}};
}
inline void put_unless_empty(json& object, const char* name, const json& value) {
  if (!value.empty() && value != "") object[name] = value;
}

inline Message random_message(Hostile& any) {
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
inline json as_json(const Message& message) {
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

}  // namespace sluice::chat
