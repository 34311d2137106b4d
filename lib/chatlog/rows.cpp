#include "chatlog/rows.hpp"

#include <nlohmann/json.hpp>

namespace sluice::chatlog {

using chat::Message;
using nlohmann::json;

// Name, color, roles, badges, emotes, action, reply.
std::string more_of(const Message& message) {
  json more{{"name", message.author.name}};
  if (message.order != message.at.time_since_epoch().count()) more["order"] = message.order;
  if (!message.author.color.empty()) more["color"] = message.author.color;
  const chat::Roles& roles = message.roles;
  if (roles.broadcaster) more["broadcaster"] = true;
  if (roles.moderator) more["moderator"] = true;
  if (roles.vip) more["vip"] = true;
  if (roles.subscriber) more["subscriber"] = true;
  for (const chat::Badge& badge : message.badges) more["badges"].push_back({badge.set, badge.version});
  for (const chat::EmoteUse& use : message.emotes) more["emotes"].push_back({use.id, use.first, use.last});
  if (message.action) more["action"] = true;
  if (!message.announcement.empty()) more["announcement"] = message.announcement;
  if (message.bits > 0) more["bits"] = message.bits;
  if (message.anonymous) more["anonymous"] = true;
  if (message.first) more["first"] = true;
  if (message.returning) more["returning"] = true;
  if (message.reply) {
    const chat::Reply& reply = *message.reply;
    more["reply"] = {reply.id,
                     reply.author.id.value(),
                     reply.author.login,
                     reply.author.name,
                     reply.text,
                     reply.thread,
                     reply.thread_author.id.value(),
                     reply.thread_author.login,
                     reply.thread_author.name};
  }
  return more.dump(-1, ' ', false, json::error_handler_t::replace);
}

// A row that somebody else's hand damaged keeps its text; json's complaints go no further.
void read_more(const std::string& text, Message& message) try {
  const json more = json::parse(text);
  message.author.name = more.value("name", message.author.login);
  message.author.color = more.value("color", "");
  message.order = more.value("order", message.order);
  message.roles = {more.value("broadcaster", false), more.value("moderator", false), more.value("vip", false),
                   more.value("subscriber", false)};
  message.action = more.value("action", false);
  message.announcement = more.value("announcement", "");
  message.bits = more.value("bits", std::int64_t{0});
  message.anonymous = more.value("anonymous", false);
  message.first = more.value("first", false);
  message.returning = more.value("returning", false);
  for (const json& badge : more.value("badges", json::array()))
    message.badges.push_back({badge.at(0), badge.at(1)});
  for (const json& use : more.value("emotes", json::array()))
    message.emotes.push_back({use.at(0), use.at(1), use.at(2)});
  if (const auto reply = more.find("reply"); reply != more.end()) {
    const auto user_at = [&](std::size_t at) {
      return chat::User{UserId(reply->at(at).get<std::int64_t>()), reply->at(at + 1), reply->at(at + 2), {}};
    };
    message.reply = chat::Reply{reply->at(0), user_at(1), reply->at(4), reply->at(0), user_at(1)};
    if (reply->size() > 5) {  // older files know no threads
      message.reply->thread = reply->at(5);
      message.reply->thread_author = user_at(6);
    }
  }
} catch (const json::exception&) {
}

Message message_at(const sqlite::Statement& row, int column) {
  Message message;
  message.id = row.text(column);
  message.channel = ChannelId(row.integer(column + 1));
  message.channel_name = row.text(column + 2);
  message.origin = row.text(column + 3);
  message.seq = static_cast<std::uint64_t>(row.integer(column + 4));
  message.at = Wall(milliseconds(row.integer(column + 5)));
  message.order = row.integer(column + 5);
  message.author.id = UserId(row.integer(column + 6));
  message.author.login = row.text(column + 7);
  message.text = row.text(column + 8);
  read_more(row.text(column + 9), message);
  return message;
}

}  // namespace sluice::chatlog
