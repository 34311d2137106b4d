#include "nodes/message_json.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "chat/json_object.hpp"
#include "chat/text.hpp"
#include "irc/session.hpp"

namespace sluice::nodes {

namespace {
using chat::append_json_string;
using chat::JsonObject;
using nlohmann::json;

constexpr std::size_t list_limit = 500;  // badges, emotes

void append_author(std::string& out, const chat::User& user) {
  fmt::format_to(std::back_inserter(out), "[{},", user.id.value());
  append_json_string(out, user.login);
  out += ',';
  append_json_string(out, user.name);
  if (!user.color.empty()) {
    out += ',';
    append_json_string(out, user.color);
  }
  out += ']';
}

void append_badges(std::string& out, const std::vector<chat::Badge>& badges) {
  char before = '[';
  for (const chat::Badge& badge : badges) {
    out += std::exchange(before, ',');
    out += '[';
    append_json_string(out, badge.set);
    out += ',';
    append_json_string(out, badge.version);
    if (!badge.info.empty()) {
      out += ',';
      append_json_string(out, badge.info);
    }
    out += ']';
  }
  out += ']';
}

std::string letters_of(const chat::Roles& roles) {
  std::string letters;
  if (roles.broadcaster) letters += 'b';
  if (roles.moderator) letters += 'm';
  if (roles.vip) letters += 'v';
  if (roles.subscriber) letters += 's';
  return letters;
}

// Nothing in it ends a line of IRC or hides in one.
bool is_plain(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}
bool is_word(std::string_view text, std::size_t most = name_limit) {
  return !text.empty() && text.size() <= most &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}
bool is_color(std::string_view text) {
  return text.size() == 7 && text[0] == '#' &&
         std::ranges::all_of(text.substr(1), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

Result<std::string> text_at(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::string();
  if (!found->is_string()) return wrong(name);
  return found->get<std::string>();
}
Result<bool> flag_at(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return false;
  if (!found->is_boolean()) return wrong(name);
  return found->get<bool>();
}

// `may_be_nobody`: it may be who cheers anonymously, whose id is 0.
Result<chat::User> read_user(const json& value, bool may_be_nobody = false) {
  if (!value.is_array() || value.size() < 3 || value.size() > 4 || !value[0].is_number_unsigned())
    return wrong("user");
  for (std::size_t i = 1; i < value.size(); ++i)
    if (!value[i].is_string()) return wrong("user");
  chat::User user{UserId(value[0].get<std::int64_t>()), value[1], value[2], {}};
  if (value.size() > 3) user.color = value[3];
  const bool nobody = may_be_nobody && user.login == chat::anonymous_cheerer().login;
  if (user.id.value() < 0 || (user.id.value() == 0) != nobody || !irc::is_login_name(user.login))
    return wrong("user");
  if (user.name.empty() || user.name.size() > name_limit || !is_plain(user.name)) return wrong("user");
  if (!user.color.empty() && !is_color(user.color)) return wrong("user");
  return user;
}

Result<chat::Roles> read_roles(std::string_view letters) {
  chat::Roles roles;
  for (const char letter : letters) {
    bool* role = letter == 'b'   ? &roles.broadcaster
                 : letter == 'm' ? &roles.moderator
                 : letter == 'v' ? &roles.vip
                 : letter == 's' ? &roles.subscriber
                                 : nullptr;
    if (role == nullptr) return wrong("roles");
    *role = true;
  }
  return roles;
}

Result<std::vector<chat::Badge>> read_badges(const json& list) {
  std::vector<chat::Badge> badges;
  if (!list.is_array() || list.size() > list_limit) return wrong("badges");
  for (const json& badge : list) {
    if (!badge.is_array() || badge.size() < 2 || badge.size() > 3) return wrong("badges");
    for (const json& part : badge)
      if (!part.is_string() || !is_word(part.get_ref<const std::string&>())) return wrong("badges");
    badges.push_back({badge[0], badge[1], badge.size() > 2 ? badge[2].get<std::string>() : std::string()});
  }
  return badges;
}

Result<std::vector<chat::EmoteUse>> read_emotes(const json& list, std::size_t length) {
  std::vector<chat::EmoteUse> emotes;
  if (!list.is_array() || list.size() > list_limit) return wrong("emotes");
  for (const json& use : list) {
    if (!use.is_array() || use.size() != 3 || !use[0].is_string() || !use[1].is_number_unsigned() ||
        !use[2].is_number_unsigned())
      return wrong("emotes");
    const auto first = use[1].get<std::uint64_t>(), last = use[2].get<std::uint64_t>();
    if (first > last || last >= length) return wrong("emotes");
    emotes.push_back({use[0], static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last)});
    if (!is_word(emotes.back().id)) return wrong("emotes");
  }
  return emotes;
}

Result<chat::Reply> read_reply(const json& value) {
  if (!value.is_array() || value.size() != 5 || !value[0].is_string() || !value[2].is_string() ||
      !value[3].is_string())
    return wrong("reply");
  chat::Reply reply{value[0], {}, value[2], value[3], {}};
  SLUICE_TRY_VALUE(reply.author, read_user(value[1], true));
  SLUICE_TRY_VALUE(reply.thread_author, read_user(value[4], true));
  if (!is_word(reply.id) || !is_word(reply.thread) || !is_plain(reply.text) ||
      code_point_count(reply.text) > chat::text_limit)
    return wrong("reply");
  return reply;
}

Result<std::string> said_at(const json& object) {
  SLUICE_TRY_VALUE(std::string text, text_at(object, "text"));
  const std::size_t length = code_point_count(text);
  if (length == 0 || length > chat::text_limit || !is_plain(text)) return wrong("text");
  return text;
}
}  // namespace

std::unexpected<Error> wrong(std::string_view member) {
  return fail(Errc::invalid, std::string(member) + " is missing or malformed");
}
Result<std::uint64_t> number_of(const json& value, const char* name, std::uint64_t least) {
  if (!value.is_number_unsigned()) return wrong(name);
  const auto found = value.get<std::uint64_t>();
  if (found < least || found > greatest) return wrong(name);
  return found;
}
Result<std::uint64_t> number_at(const json& object, const char* name, std::uint64_t least) {
  const auto found = object.find(name);
  if (found == object.end()) return wrong(name);
  return number_of(*found, name, least);
}

bool is_origin(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

void append_message(std::string& out, const Said& said) {
  const chat::Message& message = *said.message;
  JsonObject object(out);
  object.text("id", message.id).text("origin", message.origin);
  object.number("seq", static_cast<std::int64_t>(message.seq)).time("at", message.at);
  object.number("order", message.order);
  append_author(object.member("user"), message.author);
  if (const std::string roles = letters_of(message.roles); !roles.empty()) object.text("roles", roles);
  if (!message.badges.empty()) append_badges(object.member("badges"), message.badges);
  object.text("text", message.text);
  if (!message.emotes.empty()) chat::append_emotes(object.member("emotes"), message.emotes);
  if (message.action) object.boolean("action", true);
  if (!message.announcement.empty()) object.text("announcement", message.announcement);
  if (message.bits > 0) object.number("bits", message.bits);
  if (message.anonymous) object.boolean("anonymous", true);
  if (message.first) object.boolean("first", true);
  if (message.returning) object.boolean("returning", true);
  if (!message.client_nonce.empty()) object.text("nonce", message.client_nonce);
  if (message.reply) {
    std::string& reply = object.member("reply");
    reply += '[';
    append_json_string(reply, message.reply->id);
    reply += ',';
    append_author(reply, message.reply->author);
    reply += ',';
    append_json_string(reply, message.reply->text);
    reply += ',';
    append_json_string(reply, message.reply->thread);
    reply += ',';
    append_author(reply, message.reply->thread_author);
    reply += ']';
  }
  if (said.removed) object.boolean("removed", true);
}

Result<Said> read_message(const json& object, ChannelId channel) {
  if (!object.is_object()) return wrong("message");
  chat::Message message;
  message.channel = channel;
  SLUICE_TRY_VALUE(message.id, text_at(object, "id"));
  SLUICE_TRY_VALUE(message.origin, text_at(object, "origin"));
  if (!is_word(message.id)) return wrong("id");
  if (!is_origin(message.origin)) return wrong("origin");
  SLUICE_TRY_VALUE(message.seq, number_at(object, "seq", 1));
  SLUICE_TRY_VALUE(const std::uint64_t at, number_at(object, "at", 0));
  SLUICE_TRY_VALUE(const std::uint64_t order, number_at(object, "order", 0));
  message.at = Wall(milliseconds(at));
  message.order = static_cast<std::int64_t>(order);
  const auto user = object.find("user");
  if (user == object.end()) return wrong("user");
  if (object.contains("bits")) {
    SLUICE_TRY_VALUE(const std::uint64_t bits, number_at(object, "bits", 1));
    message.bits = static_cast<std::int64_t>(bits);
  }
  SLUICE_TRY_VALUE(message.anonymous, flag_at(object, "anonymous"));
  if (message.anonymous && message.bits == 0) return wrong("bits");
  SLUICE_TRY_VALUE(message.author, read_user(*user, message.anonymous));
  if (message.anonymous && message.author.id != UserId()) return wrong("user");
  SLUICE_TRY_VALUE(const std::string roles, text_at(object, "roles"));
  SLUICE_TRY_VALUE(message.roles, read_roles(roles));
  SLUICE_TRY_VALUE(message.text, said_at(object));
  if (const auto list = object.find("badges"); list != object.end()) {
    SLUICE_TRY_VALUE(message.badges, read_badges(*list));
  }
  if (const auto list = object.find("emotes"); list != object.end()) {
    SLUICE_TRY_VALUE(message.emotes, read_emotes(*list, code_point_count(message.text)));
  }
  SLUICE_TRY_VALUE(message.action, flag_at(object, "action"));
  SLUICE_TRY_VALUE(message.announcement, text_at(object, "announcement"));
  if (message.announcement.size() > name_limit ||
      !std::ranges::all_of(message.announcement, [](char c) { return c >= 'A' && c <= 'Z'; }))
    return wrong("announcement");
  SLUICE_TRY_VALUE(message.first, flag_at(object, "first"));
  SLUICE_TRY_VALUE(message.returning, flag_at(object, "returning"));
  SLUICE_TRY_VALUE(message.client_nonce, text_at(object, "nonce"));
  if (message.client_nonce.size() > name_limit || !is_plain(message.client_nonce)) return wrong("nonce");
  if (const auto reply = object.find("reply"); reply != object.end()) {
    SLUICE_TRY_VALUE(message.reply, read_reply(*reply));
  }
  SLUICE_TRY_VALUE(const bool removed, flag_at(object, "removed"));
  return Said{std::make_shared<const chat::Message>(std::move(message)), removed};
}

void append_whisper(std::string& out, const chat::Whisper& whisper) {
  JsonObject object(out);
  object.text("id", whisper.id).time("at", whisper.at);
  append_author(object.member("user"), whisper.from);
  append_author(object.member("to"), whisper.to);
  object.text("text", whisper.text);
  if (!whisper.emotes.empty()) chat::append_emotes(object.member("emotes"), whisper.emotes);
}

Result<chat::Whisper> read_whisper(const json& object) {
  if (!object.is_object()) return wrong("whisper");
  chat::Whisper whisper;
  SLUICE_TRY_VALUE(whisper.id, text_at(object, "id"));
  if (!is_word(whisper.id)) return wrong("id");
  SLUICE_TRY_VALUE(const std::uint64_t at, number_at(object, "at", 0));
  whisper.at = Wall(milliseconds(at));
  const auto user = object.find("user"), to = object.find("to");
  if (user == object.end() || to == object.end()) return wrong("user");
  SLUICE_TRY_VALUE(whisper.from, read_user(*user));
  SLUICE_TRY_VALUE(whisper.to, read_user(*to));
  SLUICE_TRY_VALUE(whisper.text, said_at(object));
  if (const auto list = object.find("emotes"); list != object.end()) {
    SLUICE_TRY_VALUE(whisper.emotes, read_emotes(*list, code_point_count(whisper.text)));
  }
  return whisper;
}

}  // namespace sluice::nodes
