#include "options.hpp"

#include "app/platform.hpp"

namespace sluice::modctl {

using app::Command;
using app::Kind;
using app::Option;
using app::Positional;

namespace {
const Positional channel{.name = "CHANNEL", .help = "name of a channel"};
const Positional user{.name = "USER", .help = "name of a user; - for those on standard input, one a line"};
const Positional one_user{.name = "USER", .help = "name of a user"};
const Positional message{.name = "MESSAGE-ID",
                         .help = "id of a message; - for those on standard input, one a line"};
const Positional list{.name = "LIST", .help = "name of a word list: 1 to 50 of a-z, 0-9, _ and -"};
const Option reason{.name = "reason", .metavar = "TEXT", .help = "why, in up to 500 characters"};
const Option since{.name = "since",
                   .metavar = "TIME",
                   .help = "nothing from before: 2026-01-02T03:04:05Z, or how long ago, 8h"};
const Option until{.name = "until", .metavar = "TIME", .help = "nothing from then on, as with --since"};

std::vector<Option> root_options() {
  std::vector<Option> options = app::platform_options();
  options.push_back({.name = "as",
                     .metavar = "USER",
                     .help = "act as this user of the platform, who must be allowed to; without it, as who "
                             "runs modctl"});
  options.push_back({.name = "history",
                     .kind = Kind::path,
                     .metavar = "FILE",
                     .help = "the chat log that chatd keeps, 'none' for none; without it DIR/chat.db"});
  return options;
}

std::vector<Command> acts() {
  return {
      {.path = "ban",
       .summary = "ban users from a channel, for ever",
       .options = {reason},
       .positionals = {channel, user}},
      {.path = "timeout",
       .summary = "let users not speak in a channel for a time",
       .options = {reason},
       .positionals = {channel,
                       user,
                       {.name = "TIME",
                        .help = "1s to 14d; without it 10m. A timeout that lasts is replaced",
                        .required = false}}},
      {.path = "unban",
       .summary = "lift bans and timeouts",
       .options = {reason},
       .positionals = {channel, user}},
      {.path = "bans", .summary = "list who is banned or timed out", .positionals = {channel}},
      {.path = "delete",
       .summary = "take messages off all screens",
       .options = {reason,
                   {.name = "author",
                    .metavar = "USER",
                    .help = "who wrote them, where the chat log does not have them"}},
       .positionals = {channel, message}},
      {.path = "clear",
       .summary = "take everything said so far off all screens",
       .options = {reason},
       .positionals = {channel}},
      {.path = "mod",
       .summary = "make users moderators of a channel",
       .options = {reason},
       .positionals = {channel, user}},
      {.path = "unmod",
       .summary = "take the moderator's role from users",
       .options = {reason},
       .positionals = {channel, user}},
      {.path = "vip",
       .summary = "make users VIPs of a channel",
       .options = {reason},
       .positionals = {channel, user}},
      {.path = "unvip",
       .summary = "take the VIP's role from users",
       .options = {reason},
       .positionals = {channel, user}},
      {.path = "mods", .summary = "list the moderators of a channel", .positionals = {channel}},
      {.path = "vips", .summary = "list the VIPs of a channel", .positionals = {channel}},
      {.path = "settings",
       .summary = "show what a channel's chat is set to, or change it",
       .positionals =
           {channel,
            {.name = "SETTING",
             .help = "KEY=VALUE, of slow, followers-only, subs-only, emote-only, unique, automod-level, "
                     "automod-at-deadline, ban-evasion; off turns a mode off",
             .required = false,
             .repeats = true}}},
  };
}

std::vector<Command> desk() {
  return {
      {.path = "note add",
       .summary = "note something about a user, for the channel's moderators",
       .positionals = {channel, one_user, {.name = "TEXT", .help = "1 to 500 characters"}}},
      {.path = "note list",
       .summary = "list the notes about a user",
       .options = {{.name = "all", .kind = Kind::flag, .help = "those that were removed, too"}},
       .positionals = {channel, one_user}},
      {.path = "note remove",
       .summary = "remove a note; --all shows it still",
       .positionals = {channel, {.name = "ID", .help = "its number in note list"}}},
      {.path = "queue list",
       .summary = "list the messages that AutoMod holds for a moderator",
       .positionals = {channel}},
      {.path = "queue approve",
       .summary = "let held messages be said",
       .options = {reason},
       .positionals = {channel, message}},
      {.path = "queue deny",
       .summary = "let held messages not be said",
       .options = {reason},
       .positionals = {channel, message}},
      {.path = "evasion list",
       .summary = "list who is flagged for what looks like coming back after a ban",
       .options = {{.name = "all",
                    .kind = Kind::flag,
                    .help = "those who were cleared, or whose ban was lifted, too"}},
       .positionals = {channel}},
      {.path = "evasion clear",
       .summary = "clear users of that",
       .options = {reason},
       .positionals = {channel, user}},
      {.path = "words add",
       .summary = "make a word list, which channels may share",
       .options = {{.name = "owner",
                    .metavar = "USER",
                    .help = "the user who keeps it; without it who --as names"}},
       .positionals = {list}},
      {.path = "words remove",
       .summary = "remove a word list, also from the channels that subscribe to it",
       .positionals = {list}},
      {.path = "words list",
       .summary = "list the word lists",
       .options = {{.name = "channel",
                    .metavar = "CHANNEL",
                    .help = "only those that this channel subscribes to"}}},
      {.path = "words show",
       .summary = "print a word list's entries, as automod --words reads them",
       .positionals = {list}},
      {.path = "words put",
       .summary = "put entries, read from standard input, on a word list, all or none",
       .positionals = {list}},
      {.path = "words drop",
       .summary = "take entries, read from standard input, off a word list",
       .positionals = {list}},
      {.path = "words subscribe",
       .summary = "let a word list hold in a channel",
       .positionals = {channel, list}},
      {.path = "words unsubscribe", .summary = "let it hold there no longer", .positionals = {channel, list}},
      {.path = "terms show",
       .summary = "print a channel's own terms, as automod --words reads them",
       .positionals = {channel}},
      {.path = "terms put",
       .summary = "put entries, read from standard input, on them, all or none",
       .positionals = {channel}},
      {.path = "terms drop",
       .summary = "take entries, read from standard input, off them",
       .positionals = {channel}},
  };
}

std::vector<Command> records() {
  return {
      {.path = "log",
       .summary = "print what was said in a channel, one JSON object a line, as automod reads it",
       .options = {since,
                   until,
                   {.name = "user", .metavar = "USER", .help = "only what this user said"},
                   {.name = "shown",
                    .kind = Kind::flag,
                    .help = "leave out what was taken off, blocked, or held and never said"}},
       .positionals = {channel}},
      {.path = "audit list",
       .summary = "list the audit log's newest entries",
       .options = {{.name = "last",
                    .kind = Kind::integer,
                    .metavar = "N",
                    .fallback = "50",
                    .help = "how many; 0 for all",
                    .min = 0},
                   {.name = "channel", .metavar = "CHANNEL", .help = "only acts in this channel"},
                   {.name = "by", .metavar = "USER", .help = "only this user's acts"},
                   {.name = "user", .metavar = "USER", .help = "only acts upon this user"},
                   {.name = "action",
                    .metavar = "TEXT",
                    .help = "only actions that begin so: ban, or automod. for all of AutoMod"},
                   since,
                   until}},
      {.path = "audit verify",
       .summary =
           "find any entry that was changed or is missing, and print the head up to which all is whole",
       .options = {{.name = "anchor",
                    .kind = Kind::path,
                    .metavar = "FILE",
                    .help = "heads noted before, a line each: the log must still have them; - for standard "
                            "input"}}},
      {.path = "audit head", .summary = "print the number and the hash of the newest entry"},
      {.path = "audit explain",
       .summary = "tell an entry in words, with the messages, settings and verdicts around it",
       .options = {{.name = "around",
                    .kind = Kind::integer,
                    .metavar = "N",
                    .fallback = "10",
                    .help = "messages of the channel to show before and after it",
                    .min = 0,
                    .max = 1000}},
       .positionals = {{.name = "ID", .help = "number of an entry of the audit log"}}},
  };
}
}  // namespace

const app::Program& program() {
  static const app::Program table = [] {
    app::Program made{.name = "modctl",
                      .section = 1,
                      .summary = "moderate the chat of a platform, and read its audit log",
                      .commands = {{.path = "", .options = root_options()}}};
    for (const std::vector<Command>& some : {acts(), desk(), records()})
      made.commands.insert(made.commands.end(), some.begin(), some.end());
    return made;
  }();
  return table;
}

}  // namespace sluice::modctl
