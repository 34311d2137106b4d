#include "chat/json_lines.hpp"

#include <iterator>

#include <fmt/format.h>

namespace sluice::chat {

namespace {
void append_number(std::string& out, std::int64_t value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}

// Writes an object's members one after another.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  ~Object() { out_ += '}'; }
  Object(const Object&) = delete;

  Object& text(std::string_view name, std::string_view value) {
    append_json_string(member(name), value);
    return *this;
  }
  Object& number(std::string_view name, std::int64_t value) {
    append_number(member(name), value);
    return *this;
  }
  Object& boolean(std::string_view name, bool value) {
    member(name) += value ? "true" : "false";
    return *this;
  }
  // The place for a value that the caller writes.
  std::string& member(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

template <class Items, class Write>
void append_array(std::string& out, const Items& items, const Write& write) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    write(item);
  }
  out += ']';
}

void append_user(std::string& out, const User& user) {
  Object(out).text("id", std::to_string(user.id.value())).text("login", user.login).text("name", user.name);
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

void append_settings(std::string& out, const RoomSettings& settings) {
  Object(out)
      .boolean("emote_only", settings.emote_only)
      .number("followers_only", settings.followers_only)
      .boolean("unique", settings.unique)
      .number("slow", settings.slow)
      .boolean("subs_only", settings.subs_only);
}

std::int64_t ms(Wall at) {
  return at.time_since_epoch().count();
}
}  // namespace

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

void write_message(std::string& out, const Message& message) {
  Object object(out);
  object.text("type", "message").text("channel", message.channel_name).text("id", message.id);
  object.text("origin", message.origin)
      .number("seq", static_cast<std::int64_t>(message.seq))
      .number("at", ms(message.at));
  append_user(object.member("user"), message.author);
  if (!message.author.color.empty()) object.text("color", message.author.color);
  if (!message.badges.empty()) append_badges(object.member("badges"), message.badges);
  object.text("text", message.text);
  if (message.action) object.boolean("action", true);
  if (!message.emotes.empty()) {
    append_array(object.member("emotes"), message.emotes, [&](const EmoteUse& use) {
      out += '[';
      append_json_string(out, use.id);
      fmt::format_to(std::back_inserter(out), ",{},{}]", use.first, use.last);
    });
  }
  if (message.reply) {
    Object reply(object.member("reply"));
    reply.text("id", message.reply->id);
    append_user(reply.member("user"), message.reply->author);
    reply.text("text", message.reply->text).text("thread", message.reply->thread);
  }
  if (message.first) object.boolean("first", true);
}

void write_presence(std::string& out, const Presence& presence) {
  Object(out)
      .text("type", "presence")
      .text("channel", presence.channel)
      .number("viewers", static_cast<std::int64_t>(presence.viewers));
}

void write_settings(std::string& out, std::string_view channel, const RoomSettings& settings) {
  Object object(out);
  object.text("type", "settings").text("channel", channel);
  append_settings(object.member("settings"), settings);
}

void write_title(std::string& out, const TitleChange& change) {
  Object(out).text("type", "title").text("channel", change.channel).text("title", change.title);
}

void write_live(std::string& out, const LiveChange& change) {
  Object(out).text("type", "stream").text("channel", change.channel).boolean("live", change.live);
}

void write_hello(std::string& out, std::string_view origin, std::size_t rooms, std::size_t frame_bytes) {
  Object object(out);
  object.text("type", "hello").number("version", 1).text("origin", origin);
  Object(object.member("limits"))
      .number("text", 500)
      .number("key", 64)
      .number("rooms", static_cast<std::int64_t>(rooms))
      .number("frame", static_cast<std::int64_t>(frame_bytes));
}

void write_authenticated(std::string& out, const User& user) {
  Object object(out);
  object.text("type", "authenticated");
  append_user(object.member("user"), user);
}

void write_joined(std::string& out, const JoinedAnswer& answer) {
  Object object(out);
  object.text("type", "joined")
      .text("channel", answer.channel.name)
      .text("channel_id", std::to_string(answer.channel.id.value()));
  object.text("origin", answer.origin).number("seq", static_cast<std::int64_t>(answer.seq));
  object.number("viewers", static_cast<std::int64_t>(answer.viewers));
  append_settings(object.member("settings"), answer.settings);
  if (answer.you == nullptr) {
    object.member("you") += "null";
  } else {
    Object you(object.member("you"));
    append_user(you.member("user"), *answer.you);
    you.boolean("mod", answer.roles.moderates());
    append_badges(you.member("badges"), answer.badges);
  }
  object.boolean("gap", answer.gap);
  append_array(object.member("history"), answer.history, [&](const std::string& message) { out += message; });
}

void write_left(std::string& out, std::string_view channel) {
  Object(out).text("type", "left").text("channel", channel);
}

void write_confirmed(std::string& out, const Confirmation& confirmation) {
  Object object(out);
  object.text("type", "confirmed").text("channel", confirmation.channel).text("key", confirmation.key);
  object.text("id", confirmation.id).text("origin", confirmation.origin);
  object.number("seq", static_cast<std::int64_t>(confirmation.seq)).number("at", ms(confirmation.at));
  if (confirmation.duplicate) object.boolean("duplicate", true);
}

void write_error(std::string& out, const ErrorAnswer& answer) {
  Object object(out);
  object.text("type", "error").text("code", answer.code).text("message", answer.text);
  if (!answer.channel.empty()) object.text("channel", answer.channel);
  if (!answer.key.empty()) object.text("key", answer.key);
  if (answer.retry_after)
    fmt::format_to(std::back_inserter(object.member("retry_after")), "{:.3f}",
                   static_cast<double>(answer.retry_after->count()) / 1000);
  if (answer.remaining) object.number("remaining", *answer.remaining);
}

void write_reconnect_object(std::string& out, seconds within) {
  Object(out).text("type", "reconnect").number("after", within.count());
}

void write_pong(std::string& out, std::string_view id_json) {
  Object object(out);
  object.text("type", "pong");
  if (!id_json.empty()) object.member("id") += id_json;
}

}  // namespace sluice::chat
