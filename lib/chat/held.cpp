#include "chat/held.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "chat/automod_lines.hpp"
#include "chat/json_object.hpp"

namespace sluice::chat {

namespace {
using nlohmann::json;

void append_held(std::string& out, const Held& held) {
  JsonObject object(out);
  object.text("type", "held").text("channel", held.channel).text("id", held.id);
  append_user(object.member("user"), held.user);
  object.text("text", held.text).text("reason", held.reason);
  if (held.reason == "automod") object.text("category", held.category);
  object.number("level", held.level);
  append_array(object.member("where"), held.boundaries, [&](const Boundary& boundary) {
    out += '[' + std::to_string(boundary.first) + ',' + std::to_string(boundary.last) + ']';
  });
  object.time("at", held.at);
}

json packed(const User& user) {
  return {std::to_string(user.id.value()), user.login, user.name, user.color};
}

User unpacked(const json& user) {
  const auto id = parse_number<std::int64_t>(user.at(0).get<std::string>());
  return {UserId(id.value_or(0)), user.at(1), user.at(2), user.at(3)};
}

Roles roles_among(const json& names) {
  const auto there = [&](std::string_view name) {
    return std::ranges::find(names, json(name)) != names.end();
  };
  return {there("broadcaster"), there("moderator"), there("vip"), there("subscriber")};
}
}  // namespace

void write_held(std::string& out, const Held& held) {
  append_held(out, held);
}

void write_held_queue(std::string& out, std::string_view channel, const std::vector<Held>& queue) {
  JsonObject object(out);
  object.text("type", "queue").text("channel", channel);
  append_array(object.member("held"), queue, [&](const Held& held) { append_held(out, held); });
}

void write_decided(std::string& out, const Decided& decided, bool with_moderator) {
  JsonObject object(out);
  object.text("type", "decided").text("channel", decided.channel).text("id", decided.id);
  append_user(object.member("user"), decided.user);
  object.text("status", decided.status);
  if (with_moderator && decided.by) append_user(object.member("by"), *decided.by);
  object.time("at", decided.at);
}

std::string pack_held(const Message& message, std::string_view node) {
  json whole{{"node", node}, {"id", message.id}, {"user", packed(message.author)}, {"text", message.text}};
  whole["roles"] = role_names(message.roles);
  if (message.action) whole["action"] = true;
  if (!message.announcement.empty()) whole["announcement"] = message.announcement;
  if (message.anonymous) whole["anonymous"] = true;
  if (!message.client_nonce.empty()) whole["nonce"] = message.client_nonce;
  if (message.bits > 0 && !message.address.empty()) whole["address"] = message.address;
  if (message.reply) {
    const Reply& reply = *message.reply;
    whole["reply"] = {{"id", reply.id},
                      {"user", packed(reply.author)},
                      {"text", reply.text},
                      {"thread", reply.thread},
                      {"thread_user", packed(reply.thread_author)}};
  }
  return whole.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Unpacked> unpack_held(std::string_view text) try {
  const json whole = json::parse(text);
  Unpacked out;
  out.node = whole.at("node");
  Message& message = out.message;
  message.id = whole.at("id");
  message.author = unpacked(whole.at("user"));
  message.text = whole.at("text");
  if (const auto roles = whole.find("roles"); roles != whole.end()) {
    message.roles = roles_among(*roles);
    out.knows_roles = true;
  }
  message.action = whole.value("action", false);
  message.announcement = whole.value("announcement", "");
  message.anonymous = whole.value("anonymous", false);
  message.client_nonce = whole.value("nonce", "");
  message.address = whole.value("address", "");
  if (const auto reply = whole.find("reply"); reply != whole.end())
    message.reply = Reply{reply->at("id"), unpacked(reply->at("user")), reply->at("text"),
                          reply->at("thread"), unpacked(reply->at("thread_user"))};
  if (message.id.empty() || message.author.id.value() == 0)
    return fail(Errc::invalid, "a held message has neither id nor author");
  return out;
} catch (const json::exception& error) {
  return fail(Errc::invalid, std::string("what was kept of a held message cannot be read: ") + error.what());
}

}  // namespace sluice::chat
