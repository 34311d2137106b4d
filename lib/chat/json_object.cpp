#include "chat/json_object.hpp"

#include <iterator>

#include <fmt/format.h>

namespace sluice::chat {

void append_json_string(std::string& out, std::string_view utf8) {
  out += '"';
  for (char c : utf8) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  append_json_string(member(name), value);
  return *this;
}

JsonObject& JsonObject::number(std::string_view name, std::int64_t value) {
  fmt::format_to(std::back_inserter(member(name)), "{}", value);
  return *this;
}

JsonObject& JsonObject::boolean(std::string_view name, bool value) {
  member(name) += value ? "true" : "false";
  return *this;
}

JsonObject& JsonObject::time(std::string_view name, Wall value) {
  return number(name, value.time_since_epoch().count());
}

std::string& JsonObject::member(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  out_ += '"';
  out_ += name;
  out_ += "\":";
  return out_;
}

void append_user(std::string& out, const User& user) {
  JsonObject(out)
      .text("id", std::to_string(user.id.value()))
      .text("login", user.login)
      .text("name", user.name);
}

void append_badges(std::string& out, std::span<const Badge> badges) {
  append_array(out, badges, [&](const Badge& badge) {
    out += '[';
    append_json_string(out, badge.set);
    out += ',';
    append_json_string(out, badge.version);
    out += ']';
  });
}

void append_emotes(std::string& out, std::span<const EmoteUse> emotes) {
  append_array(out, emotes, [&](const EmoteUse& use) {
    out += '[';
    append_json_string(out, use.id);
    fmt::format_to(std::back_inserter(out), ",{},{}]", use.first, use.last);
  });
}

void append_settings(std::string& out, const RoomSettings& settings) {
  JsonObject(out)
      .boolean("emote_only", settings.emote_only)
      .number("followers_only", settings.followers_only)
      .boolean("unique", settings.unique)
      .number("slow", settings.slow)
      .boolean("subs_only", settings.subs_only);
}

}  // namespace sluice::chat
