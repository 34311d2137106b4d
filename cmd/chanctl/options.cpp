#include "options.hpp"

#include "app/platform.hpp"
#include "platform/bits.hpp"

namespace sluice::chanctl {

using app::Kind;

namespace {
const app::Option if_missing{
    .name = "if-missing", .kind = Kind::flag, .help = "succeed, changing nothing, when it is there already"};
const app::Option emote_channel{
    .name = "channel", .metavar = "CHANNEL", .help = "whose emote it is; without it a global one is meant"};
const app::Positional code{.name = "CODE", .help = "the word that it stands for in messages"};
const app::Positional user{.name = "USER", .help = "name of a user"};
const app::Positional channel{.name = "CHANNEL", .help = "name of a channel"};
}  // namespace

const app::Program& program() {
  static const app::Program table{
      .name = "chanctl",
      .section = 1,
      .summary = "manage the users, channels, stream keys and tokens of a platform",
      .commands = {
          {.path = "", .options = app::platform_options()},
          {.path = "user add",
           .summary = "add a user",
           .options = {{.name = "display",
                        .metavar = "TEXT",
                        .help = "the name as pages and chat show it; without it NAME as typed"},
                       if_missing},
           .positionals = {{.name = "NAME", .help = "login name: 1 to 25 of a-z, 0-9 and _"}}},
          {.path = "user list", .summary = "list the users"},
          {.path = "channel add",
           .summary = "add a channel; its owner is its broadcaster",
           .options =
               {{.name = "owner", .metavar = "USER", .help = "the user it belongs to", .required = true},
                {.name = "title", .metavar = "TEXT", .help = "what is on, in up to 140 characters"},
                if_missing},
           .positionals = {{.name = "NAME",
                            .help = "1 to 25 of a-z, 0-9 and _; the channel's page is /NAME"}}},
          {.path = "channel list", .summary = "list the channels, and which are live"},
          {.path = "channel show", .summary = "show everything about a channel", .positionals = {channel}},
          {.path = "channel set-title",
           .summary = "change what is on",
           .options = {{.name = "if-version",
                        .kind = Kind::integer,
                        .metavar = "N",
                        .help = "only when the channel is still at version N",
                        .min = 1}},
           .positionals = {channel, {.name = "TITLE", .help = "up to 140 characters"}}},
          {.path = "key rotate",
           .summary = "make a new stream key and print it, this once; the old one stops working",
           .positionals = {channel}},
          {.path = "passphrase set",
           .summary = "set the phrase that the channel's SRT publisher must have, read from standard input; "
                      "without one there, make one and print it",
           .positionals = {channel}},
          {.path = "passphrase clear",
           .summary = "let the channel's SRT publisher send without a passphrase",
           .positionals = {channel}},
          {.path = "token issue",
           .summary = "make a token for chat and API and print it, this once",
           .options =
               {{.name = "scope",
                 .metavar = "SCOPES",
                 .help = "what the token allows, separated by commas: chat:read, chat:edit, channel:manage, "
                         "moderation:manage",
                 .repeats = true,
                 .required = true},
                {.name = "expires",
                 .kind = Kind::duration,
                 .metavar = "TIME",
                 .help = "stop working after this time"}},
           .positionals = {user}},
          {.path = "token revoke",
           .summary = "stop a token, named by --id or read from standard input",
           .options = {{.name = "id",
                        .kind = Kind::integer,
                        .metavar = "N",
                        .help = "its number in token list",
                        .min = 1}}},
          {.path = "token list",
           .summary = "list a user's tokens, without their secrets",
           .positionals = {user}},
          {.path = "color",
           .summary = "give a user's name a color in chat",
           .positionals = {user, {.name = "COLOR", .help = "#RRGGBB, a name as DodgerBlue, or none"}}},
          {.path = "bot",
           .summary = "say whether a user is a verified bot, which has chat limits of its own",
           .positionals = {user, {.name = "STATE", .help = "on, or off"}}},
          {.path = "premium",
           .summary = "say what a user's account has, which shows as a badge in chat",
           .positionals = {user, {.name = "PLAN", .help = "turbo, prime, or none"}}},
          {.path = "emote add",
           .summary = "add an emote: a global one or a channel's, which say for whom",
           .options =
               {emote_channel,
                {.name = "tier",
                 .kind = Kind::integer,
                 .metavar = "N",
                 .help = "of a channel's: the tier of subscription from which on one has it; default 1",
                 .min = 1,
                 .max = 3},
                {.name = "bits",
                 .kind = Kind::integer,
                 .metavar = "N",
                 .help = "of a channel's, instead: with how many bits one has cheered there to have it",
                 .min = 1,
                 .max = platform::most_granted},
                {.name = "granted-only",
                 .kind = Kind::flag,
                 .help = "instead: for nobody but those who are granted it"},
                {.name = "image-1x", .metavar = "PLACE", .help = "URL or file of the picture"},
                {.name = "image-2x", .metavar = "PLACE", .help = "of one twice as large"},
                {.name = "image-4x", .metavar = "PLACE", .help = "of one four times as large"}},
           .positionals = {code}},
          {.path = "emote remove",
           .summary = "remove an emote; what was said with it stays",
           .options = {emote_channel},
           .positionals = {code}},
          {.path = "emote list", .summary = "list the emotes"},
          {.path = "emote grant",
           .summary = "give a user an emote, whatever the user's subscriptions and bits",
           .options = {emote_channel},
           .positionals = {code, user}},
          {.path = "emote revoke",
           .summary = "take back an emote that a user was granted",
           .options = {emote_channel},
           .positionals = {code, user}},
          {.path = "emote grants",
           .summary = "list who was granted which emotes",
           .options = {{.name = "user", .metavar = "USER", .help = "only this user's"}}},
          {.path = "events",
           .summary = "print the event log, one JSON object a line",
           .options = {{.name = "since",
                        .metavar = "CURSOR",
                        .fallback = "0",
                        .help = "only events after this cursor; now for those to come"},
                       {.name = "follow",
                        .kind = Kind::flag,
                        .help = "go on printing events as they happen",
                        .letter = 'f'}}},
      }};
  return table;
}

}  // namespace sluice::chanctl
