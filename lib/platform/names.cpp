#include "platform/names.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "icu/look.hpp"
#include "platform/bits.hpp"

namespace sluice::platform {

namespace {
constexpr std::size_t longest_name = 25;
constexpr std::size_t longest_list_name = 50;
constexpr std::array<std::string_view, 16> web_paths{
    "api",      "assets", "auth",  "browse",  "dashboard", "eventsub", "health", "helix",
    "internal", "live",   "login", "metrics", "mock",      "static",   "vod",    "ws"};
// Who speaks in the dialect without being anybody, and who would be believed.
constexpr std::array<std::string_view, 16> reserved_names{"admin",
                                                          "administrator",
                                                          anonymous_cheerer_login,
                                                          "ananonymousgifter",
                                                          "automod",
                                                          "broadcaster",
                                                          "jtv",
                                                          "mod",
                                                          "moderator",
                                                          "server",
                                                          "sluice",
                                                          "staff",
                                                          "support",
                                                          "system",
                                                          "tmi",
                                                          "twitchnotify"};

bool letter_digit_underscore(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool anonymous_nick(std::string_view name) {
  return name.starts_with("justinfan") &&
         std::ranges::all_of(name.substr(9), [](char c) { return c >= '0' && c <= '9'; });
}

Result<std::string> checked_name(std::string_view kind, std::string_view typed) {
  std::string name = ascii_lower(typed);
  if (name.empty() || name.size() > longest_name || !std::ranges::all_of(name, letter_digit_underscore))
    return fail(Errc::invalid, fmt::format("\"{}\" is not a {} name", typed, kind),
                fmt::format("use 1 to {} of the characters a-z, 0-9 and _", longest_name));
  return name;
}

std::unexpected<Error> reserved(std::string_view kind, std::string_view name) {
  return fail(Errc::invalid, fmt::format("the {} name \"{}\" is reserved", kind, name),
              "choose another name");
}

// Digits that stand for letters, and signs that fill: adm1n, s_t_a_f_f_.
std::string without_disguise(std::string_view text, std::string_view letters) {
  std::string plain;
  for (const char c : text) {
    constexpr std::string_view digits = "13457";
    const std::size_t at = digits.find(c);
    if (c != '_' && c != ' ' && c != '.' && c != '-') plain += at == digits.npos ? c : letters[at];
  }
  return plain;
}

// The reserved name that a text may be taken for; empty when there is none.
std::string_view reserved_look(std::string_view text) {
  const std::array looks{icu_text::look_of(text), icu_text::look_of(without_disguise(text, "ieast")),
                         icu_text::look_of(without_disguise(text, "least"))};
  const auto found = std::ranges::find_if(reserved_names, [&](std::string_view name) {
    return std::ranges::find(looks, icu_text::look_of(name)) != looks.end();
  });
  return found == reserved_names.end() ? std::string_view() : *found;
}

// Characters that are not drawn, or turn round what stands beside the name.
bool unseen(char32_t c) {
  return c == 0xad || c == 0x61c || c == 0x200b || c == 0x200e || c == 0x200f ||
         (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c >= 0xe0000 && c <= 0xe0fff);
}

Result<std::string> one_line(std::string_view kind, std::string_view typed, std::size_t shortest,
                             std::size_t longest) {
  std::string text(trim(typed));
  auto points = utf8_code_points(text);
  if (!points) return fail(Errc::invalid, fmt::format("the {} is not UTF-8", kind));
  auto control = [](char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029; };
  if (std::ranges::any_of(*points, control))
    return fail(Errc::invalid, fmt::format("the {} has control characters in it", kind),
                "write it on one line");
  if (points->size() < shortest || points->size() > longest)
    return fail(Errc::invalid, fmt::format("the {} has {} characters", kind, points->size()),
                fmt::format("use {} to {}", shortest, longest));
  return text;
}
}  // namespace

Result<std::string> user_name(std::string_view typed) {
  SLUICE_TRY_VALUE(std::string name, checked_name("user", typed));
  if (anonymous_nick(name) || !reserved_look(name).empty()) return reserved("user", name);
  return name;
}

Result<std::string> channel_name(std::string_view typed) {
  SLUICE_TRY_VALUE(std::string name, checked_name("channel", typed));
  if (std::ranges::find(web_paths, name) != web_paths.end()) return reserved("channel", name);
  return name;
}

Result<std::string> word_list_name(std::string_view typed) {
  std::string name = ascii_lower(typed);
  auto allowed = [](char c) { return letter_digit_underscore(c) || c == '-'; };
  if (name.empty() || name.size() > longest_list_name || !std::ranges::all_of(name, allowed))
    return fail(Errc::invalid, fmt::format("\"{}\" is not a word list's name", typed),
                fmt::format("use 1 to {} of the characters a-z, 0-9, _ and -", longest_list_name));
  return name;
}

std::string folded_name(std::string_view typed) {
  if (typed.starts_with('#')) typed.remove_prefix(1);
  return ascii_lower(typed);
}

Result<std::string> display_name(std::string_view typed) {
  SLUICE_TRY_VALUE(std::string name, one_line("display name", typed, 1, 50));
  const auto points = utf8_code_points(name);
  if (std::ranges::any_of(*points, unseen) || icu_text::look_of(name).empty())
    return fail(Errc::invalid, "the display name has characters in it that are not seen",
                "write it with letters that everybody can see");
  if (anonymous_nick(ascii_lower(name)) || !reserved_look(name).empty()) return reserved("display", name);
  return name;
}
Result<std::string> stream_title(std::string_view typed) {
  return one_line("title", typed, 0, 140);
}
Result<std::string> reason(std::string_view typed) {
  return one_line("reason", typed, 0, 500);
}
Result<std::string> word_text(std::string_view typed) {
  return one_line("word list's entry", typed, 1, 500);
}
Result<std::string> note_text(std::string_view typed) {
  return one_line("note", typed, 1, 500);
}
Result<std::string> share_text(std::string_view typed) {
  return one_line("message", typed, 0, 500);
}
Result<std::string> image_place(std::string_view typed) {
  return one_line("image's place", typed, 0, 2000);
}

Result<std::string> emote_code(std::string_view typed) {
  SLUICE_TRY_VALUE(std::string code, one_line("emote's code", typed, 1, 50));
  const auto points = utf8_code_points(code);
  const auto breaks = [](char32_t c) { return c == ' ' || c == 0xa0 || c == 0x3000 || unseen(c); };
  if (std::ranges::any_of(*points, breaks))
    return fail(Errc::invalid, fmt::format("\"{}\" is no emote's code", code), "it is one word");
  if (code.front() == '/')
    return fail(Errc::invalid, fmt::format("\"{}\" is no emote's code", code),
                "what begins with / is a command");
  return code;
}

}  // namespace sluice::platform
