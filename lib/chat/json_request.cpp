#include "chat/json_request.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "irc/session.hpp"
#include "platform/ban_evasion.hpp"

namespace sluice::chat {

namespace {
using nlohmann::json;
constexpr std::size_t key_limit = 64;  // code points
constexpr std::size_t history_limit = 100;
constexpr std::size_t origins_limit = 256;
constexpr std::size_t ping_id_limit = 256;  // bytes of JSON

bool is_key(std::string_view text) {
  return !text.empty() && code_point_count(text) <= key_limit;
}

Result<std::string> string_member(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string())
    return fail(Errc::invalid, std::string(name) + " must be a string");
  return member->get<std::string>();
}

// A member that may be absent, or null.
const json* found(const json& object, const char* name) {
  const auto member = object.find(name);
  return member == object.end() || member->is_null() ? nullptr : &*member;
}

// The four hexadecimal digits of an escape at `at`, "\\uD83D"; 0: there is none.
unsigned escaped_unit(std::string_view text, std::size_t at) {
  unsigned unit = 0;
  if (text.substr(at, 2) != "\\u" || text.size() < at + 6) return 0;
  const auto [end, error] = std::from_chars(text.data() + at + 2, text.data() + at + 6, unit, 16);
  return error == std::errc() && end == text.data() + at + 6 ? unit : 0;
}

std::string without_half_pairs(std::string_view json_text) {
  const auto high = [](unsigned unit) { return unit >= 0xD800 && unit < 0xDC00; };
  const auto low = [](unsigned unit) { return unit >= 0xDC00 && unit < 0xE000; };
  std::string whole;
  for (std::size_t at = 0; at < json_text.size();) {
    const unsigned unit = escaped_unit(json_text, at);
    std::size_t length = unit != 0 ? 6 : json_text[at] == '\\' ? 2 : 1;
    if (high(unit) && low(escaped_unit(json_text, at + 6))) {
      length = 12;
    } else if (high(unit) || low(unit)) {
      whole += "\\ufffd";
      at += length;
      continue;
    }
    whole += json_text.substr(at, length);
    at += length;
  }
  return whole;
}

// RFC 8259 8.2: a string may hold half of a surrogate pair, as a page's JSON.stringify() writes text that was
// cut in the middle of one. Such a half is no character.
json parsed(std::string_view utf8) {
  json object = json::parse(utf8, nullptr, false);
  if (!object.is_discarded()) return object;
  return json::parse(without_half_pairs(utf8), nullptr, false);
}

Result<std::string> channel_member(const json& object) {
  SLUICE_TRY_VALUE(std::string name, string_member(object, "channel"));
  name = ascii_lower(name);
  if (!irc::is_login_name(name)) return fail(Errc::invalid, "channel is not a channel's name");
  return name;
}

Result<Seen> seen_member(const json& value, const std::string& name) {
  if (!value.is_object() || value.size() > origins_limit)
    return fail(Errc::invalid, name + " must be an object of origins and numbers");
  Seen seen;
  for (const auto& [origin, seq] : value.items()) {
    if (!seq.is_number_unsigned()) return fail(Errc::invalid, name + " must hold whole numbers");
    seen.emplace(origin, seq.get<std::uint64_t>());
  }
  return seen;
}

Result<JsonRequest> parse_auth(const json& object) {
  AuthRequest auth;
  SLUICE_TRY_VALUE(auth.ticket, string_member(object, "ticket"));
  if (found(object, "fingerprint")) {
    SLUICE_TRY_VALUE(auth.fingerprint, string_member(object, "fingerprint"));
    if (auth.fingerprint.empty() || auth.fingerprint.size() > platform::fingerprint_limit)
      return fail(Errc::invalid, "fingerprint must have 1 to 128 bytes");
  }
  return auth;
}

Result<JsonRequest> parse_join(const json& object) {
  JoinRequest join;
  SLUICE_TRY_VALUE(join.channel, channel_member(object));
  for (const char* name : {"after", "cursor"}) {
    const json* after = found(object, name);
    if (after == nullptr) continue;
    SLUICE_TRY_VALUE(join.after, seen_member(*after, name));
    join.complete = name == std::string_view("cursor");
  }
  if (const json* history = found(object, "history")) {
    if (!history->is_number_unsigned() || history->get<std::uint64_t>() > history_limit)
      return fail(Errc::invalid, "history must be a number from 0 to 100");
    join.history = history->get<std::size_t>();
  }
  return join;
}

Result<JsonRequest> parse_message(const json& object) {
  MessageRequest message;
  SLUICE_TRY_VALUE(message.channel, channel_member(object));
  SLUICE_TRY_VALUE(message.text, string_member(object, "text"));
  SLUICE_TRY_VALUE(message.key, string_member(object, "key"));
  if (!is_key(message.key)) return fail(Errc::invalid, "key must have 1 to 64 characters");
  if (found(object, "reply_to")) {
    SLUICE_TRY_VALUE(message.reply_to, string_member(object, "reply_to"));
  }
  if (const json* anonymous = found(object, "anonymous")) {
    if (!anonymous->is_boolean()) return fail(Errc::invalid, "anonymous must be true or false");
    message.anonymous = anonymous->get<bool>();
  }
  return message;
}

Result<JsonRequest> parse_rule(const json& object) {
  RuleRequest rule;
  SLUICE_TRY_VALUE(rule.channel, channel_member(object));
  SLUICE_TRY_VALUE(rule.id, string_member(object, "id"));
  SLUICE_TRY_VALUE(rule.key, string_member(object, "key"));
  if (!is_key(rule.key)) return fail(Errc::invalid, "key must have 1 to 64 characters");
  SLUICE_TRY_VALUE(const std::string verdict, string_member(object, "verdict"));
  if (verdict != "allow" && verdict != "deny") return fail(Errc::invalid, "verdict must be allow or deny");
  rule.allow = verdict == "allow";
  if (found(object, "reason")) {
    SLUICE_TRY_VALUE(rule.reason, string_member(object, "reason"));
  }
  return rule;
}

Result<JsonRequest> parse_ping(const json& object) {
  PingRequest ping;
  if (const auto id = object.find("id"); id != object.end()) {
    ping.id_json = id->dump(-1, ' ', false, json::error_handler_t::replace);
    if (ping.id_json.size() > ping_id_limit) return fail(Errc::invalid, "id is too long");
  }
  return ping;
}
}  // namespace

Result<JsonRequest> parse_json_request(std::string_view utf8) {
  const json object = parsed(utf8);
  if (!object.is_object()) return fail(Errc::invalid, "not a JSON object");
  SLUICE_TRY_VALUE(const std::string type, string_member(object, "type"));
  if (type == "auth") return parse_auth(object);
  if (type == "join") return parse_join(object);
  if (type == "leave") {
    SLUICE_TRY_VALUE(std::string channel, channel_member(object));
    return LeaveRequest{std::move(channel)};
  }
  if (type == "message") return parse_message(object);
  if (type == "rule") return parse_rule(object);
  if (type == "queue") {
    SLUICE_TRY_VALUE(std::string channel, channel_member(object));
    return QueueRequest{std::move(channel)};
  }
  if (type == "ping") return parse_ping(object);
  return fail(Errc::invalid, "unknown type");
}

std::string key_of_request(std::string_view utf8) {
  const json object = parsed(utf8);
  if (!object.is_object()) return {};
  const auto key = string_member(object, "key");
  return key && is_key(*key) ? *key : std::string();
}

}  // namespace sluice::chat
