#include "options.hpp"

#include "app/platform.hpp"
#include "platform/bits.hpp"

namespace sluice::subctl {

using app::Kind;

namespace {
const app::Positional channel{.name = "CHANNEL", .help = "name of a channel"};
const app::Positional user{.name = "USER", .help = "name of a user"};
const app::Positional users{
    .name = "USER", .help = "names of users, or - for those on standard input, one a line", .repeats = true};
const app::Option tier{.name = "tier",
                       .kind = Kind::choice,
                       .metavar = "TIER",
                       .fallback = "1",
                       .help = "what is paid for: 1, 2, 3, or prime, which is a first tier",
                       .choices = {"1", "2", "3", "prime"}};
const app::Option key{
    .name = "key",
    .metavar = "KEY",
    .help =
        "idempotency key: within 24 hours the same request with it is done once; of several "
        "users each has KEY/USER"};
const app::Option limit{.name = "limit",
                        .kind = Kind::integer,
                        .metavar = "N",
                        .fallback = "1000",
                        .help = "most lines",
                        .min = 1,
                        .max = 1'000'000};
}  // namespace

const app::Program& program() {
  static const app::Program table{
      .name = "subctl",
      .section = 1,
      .summary = "subscriptions, gifts, bits and follows of a platform",
      .commands = {
          {.path = "", .options = app::platform_options()},
          {.path = "tiers", .summary = "list what there is to subscribe to, and for how much"},
          {.path = "subscribe",
           .summary = "begin subscriptions of users to a channel, each for one month",
           .options = {tier, key},
           .positionals = {channel, users}},
          {.path = "renew",
           .summary = "make subscriptions a month longer",
           .options = {{.name = "tier",
                        .kind = Kind::choice,
                        .metavar = "TIER",
                        .help = "another tier from now on: 1, 2, 3, or prime",
                        .choices = {"1", "2", "3", "prime"}},
                       key},
           .positionals = {channel, users}},
          {.path = "share",
           .summary = "tell the channel's chat of a month that was renewed",
           .options =
               {{.name = "message", .metavar = "TEXT", .help = "what the subscriber says with it"},
                {.name = "streak", .kind = Kind::flag, .help = "tell, too, for how many months in a row"}},
           .positionals = {channel, user}},
          {.path = "gift",
           .summary = "give subscriptions to users, or to followers whom chance chooses",
           .options = {{.name = "from", .metavar = "USER", .help = "who gives", .required = true},
                       {.name = "anonymous", .kind = Kind::flag, .help = "do not tell who gives"},
                       {.name = "count",
                        .kind = Kind::integer,
                        .metavar = "N",
                        .help = "to so many of the channel's followers who have none",
                        .min = 1,
                        .max = 100},
                       tier,
                       {.name = "key",
                        .metavar = "KEY",
                        .help = "idempotency key: within 24 hours the same request with it is done once"}},
           .positionals = {channel,
                           {.name = "USER",
                            .help = "names of users, or - for those on standard input, one a line",
                            .required = false,
                            .repeats = true}}},
          {.path = "cancel",
           .summary = "end subscriptions at once",
           .options = {{.name = "reason", .metavar = "TEXT", .help = "for the audit log"}},
           .positionals = {channel, users}},
          {.path = "list",
           .summary = "list a channel's subscribers",
           .options = {limit},
           .positionals = {channel}},
          {.path = "show",
           .summary = "show what a user is to a channel: follower, subscriber, for how long",
           .positionals = {channel, user}},
          {.path = "follow", .summary = "make users follow a channel", .positionals = {channel, users}},
          {.path = "unfollow",
           .summary = "make users follow a channel no more",
           .positionals = {channel, users}},
          {.path = "followers",
           .summary = "list a channel's followers, the newest first",
           .options = {limit},
           .positionals = {channel}},
          {.path = "bits grant",
           .summary = "give users bits to cheer with",
           .options = {{.name = "amount",
                        .kind = Kind::integer,
                        .metavar = "N",
                        .help = "how many each is given",
                        .required = true,
                        .min = 1,
                        .max = platform::most_granted},
                       {.name = "reason", .metavar = "TEXT", .help = "for the audit log"},
                       key},
           .positionals = {users}},
          {.path = "bits show", .summary = "show how many bits users have", .positionals = {users}},
          {.path = "cheer",
           .summary = "cheer in a channel's chat with a user's bits",
           .options = {{.name = "message",
                        .metavar = "TEXT",
                        .help = "what the user says, with at least one cheer word: \"cheer100 well played\"",
                        .required = true},
                       {.name = "anonymous", .kind = Kind::flag, .help = "do not tell who cheers"},
                       {.name = "key",
                        .metavar = "KEY",
                        .help = "idempotency key: within 24 hours the same request with it is done once"}},
           .positionals = {channel, user}},
          {.path = "cheerers",
           .summary = "list who has cheered in a channel, the most bits first",
           .options = {limit},
           .positionals = {channel}},
      }};
  return table;
}

}  // namespace sluice::subctl
