#pragma once
// Slash commands: what a line that begins with "/word" (or ".word", where the word is one) asks for. Parsed
// only: who may do it, and to whom, is Moderation's.
//
// Words, defaults and the ids of notices are those that clients of the dialect send and wait for.
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace sluice::chat {

enum class Act {
  ban,
  unban,
  timeout,
  list_bans,
  remove_message,  // /delete
  clear,
  mod,
  unmod,
  list_mods,
  vip,
  unvip,
  list_vips,
  slow,
  followers_only,
  subs_only,
  emote_only,
  unique,
  automod_level,
  automod_late,  // what becomes of what is not judged in time
  ban_evasion,
  list_settings,
  terms,  // the channel's own
  word_lists,
  announce,
  note,
  list_notes,
  remove_note,
  list_suspects,
  clear_suspect,
  list_held,
  allow,
  deny,
  help,
  disconnect,
  whisper,
  color,
};

// Who may ask for it.
enum class Needs { nobody, moderator, broadcaster };

// One command as users know it.
struct CommandRule {
  std::string_view word;  // "ban"
  Act act;
  bool on = true;  // of a mode: /slow, else /slowoff
  Needs needs = Needs::moderator;
  std::string_view usage_id;  // msg-id of the notice that says how it is used
  std::string_view usage;     // "<user> [reason]", after the word
  std::string_view help;      // what it does, one sentence
};
std::span<const CommandRule> command_rules();
const CommandRule* find_command(std::string_view word);  // any capitals; aliases, too

struct SlashCommand {
  const CommandRule* rule = nullptr;
  std::string user;  // lower-case login
  std::string text;  // a reason, an announcement, a word to be helped with, a color, words of a list
  std::optional<seconds> duration;  // of a timeout, slow mode, or following; none: the command's own
  std::string message;              // the id of one
  std::string verb;  // of /term and /wordlist: "add", "list", …; of others the one that was chosen: "hold"
  std::string list;  // a word list's name
  std::optional<std::int64_t> number;  // of a note; AutoMod's level
  std::string color;                   // of an announcement: "PRIMARY", "BLUE", …
};

inline constexpr seconds timeout_default{600}, timeout_longest{14 * 24 * 3600};
inline constexpr seconds slow_default{30}, slow_shortest{3}, slow_longest{120};
inline constexpr seconds followers_longest{90 * 24 * 3600};

struct CommandProblem {
  std::string notice_id;
  std::string text;
  enum class Kind { unknown, absent, misused } kind = Kind::misused;  // absent: Twitch has it, and chatd not
};

// `line` is what follows the slash, with single spaces: "timeout alice 10m be nice". The problem names what
// is wrong and how the command is used.
std::expected<SlashCommand, CommandProblem> parse_command(std::string_view line);

// "90", "90s", "1h30m", "2w", "10 minutes", "3 months": seconds where no unit is given, `unit` of them where
// a number stands alone. Nothing when it is no time, or more than 10 years.
std::optional<seconds> parse_span(std::string_view text, seconds unit = seconds(1));
// "2 hours 5 minutes", "1 second": at most the two greatest units.
std::string span_text(seconds span);

}  // namespace sluice::chat
