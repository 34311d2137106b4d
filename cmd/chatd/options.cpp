#include "options.hpp"

#include "app/certificate.hpp"
#include "app/platform.hpp"

namespace sluice::chatd {

namespace {
using app::Kind;
using app::Option;

app::Option port(std::string name, std::string fallback, std::string help) {
  return {.name = std::move(name),
          .kind = Kind::integer,
          .metavar = "PORT",
          .fallback = std::move(fallback),
          .help = std::move(help),
          .min = 0,
          .max = 65535};
}

// Who comes in finds the room open that was opened for it.
Result<> long_enough(const std::string& value) {
  const auto time = app::parse_duration(value);
  if (time && *time < seconds(5)) return fail(Errc::config, value + " is too short", "choose 5s or longer");
  if (time && *time > std::chrono::days(365))
    return fail(Errc::config, value + " is too long", "choose 365d or less");
  return {};
}

std::vector<Option> options() {
  std::vector<Option> all = app::platform_options();
  const std::vector<Option> own{
      {.name = "history",
       .kind = Kind::path,
       .metavar = "FILE",
       .help = "file that keeps what was said, and what AutoMod blocked; default DIR/chat.db; 'none' keeps "
               "nothing"},
      {.name = "history-days",
       .kind = Kind::integer,
       .metavar = "DAYS",
       .fallback = "30",
       .help = "how long that is kept, and messages that were held and wait no more",
       .min = 1,
       .max = 3650,
       .reloads = true},
      {.name = "room-idle",
       .kind = Kind::duration,
       .metavar = "TIME",
       .fallback = "10m",
       .help = "a room that nobody has been in for so long is closed, and read again when somebody comes",
       .reloads = true,
       .check = &long_enough},
      {.name = "chat-bus",
       .metavar = "URL",
       .help = "the Redis server redis://HOST[:PORT] by which this node and others share their rooms"},
      {.name = "redis-password-file",
       .kind = Kind::path,
       .metavar = "FILE",
       .help = "that server's password"},
      port("ws-port", "8082", "port for WebSocket"),
      port("wss-port", "8083", "port for WebSocket over TLS"),
      port("irc-port", "6667", "port for IRC"),
      port("ircs-port", "6697", "port for IRC over TLS"),
      {.name = "public-url",
       .metavar = "URL",
       .help = "where the platform's pages are; its host may open sockets",
       .reloads = true},
      {.name = "allow-origin",
       .metavar = "ORIGIN",
       .help = "another origin whose pages may open sockets, '*' for any",
       .repeats = true,
       .reloads = true},
      {.name = "irc-host",
       .metavar = "NAME",
       .fallback = "tmi.twitch.tv",
       .help = "host name in IRC lines; clients of the dialect look for the default"},
      {.name = "connections",
       .kind = Kind::integer,
       .metavar = "N",
       .fallback = "15000",
       .help = "most connections at once",
       .min = 1,
       .max = 1'000'000,
       .reloads = true},
      {.name = "connections-per-address",
       .kind = Kind::integer,
       .metavar = "N",
       .fallback = "100",
       .help = "most connections of one address (an IPv6 /64), loopback excepted",
       .min = 1,
       .max = 1'000'000,
       .reloads = true},
      {.name = "rooms-per-connection",
       .kind = Kind::integer,
       .metavar = "N",
       .fallback = "1000",
       .help = "most rooms that one connection may join",
       .min = 1,
       .max = 100'000,
       .reloads = true},
      {.name = "join-rate",
       .kind = Kind::integer,
       .metavar = "N",
       .fallback = "20",
       .help = "joins of one user, or of one anonymous reader's connection, within 10 seconds",
       .min = 1,
       .max = 100'000,
       .reloads = true},
      {.name = "login-rate",
       .kind = Kind::integer,
       .metavar = "N",
       .fallback = "20",
       .help = "logins of one user, and from one address (an IPv6 /64; loopback excepted), within 10 seconds",
       .min = 1,
       .max = 100'000,
       .reloads = true},
      {.name = "message-rate",
       .kind = Kind::integer,
       .metavar = "N",
       .fallback = "20",
       .help = "messages of one user within 30 seconds; moderators may send five times as many",
       .min = 1,
       .max = 100'000,
       .reloads = true},
      {.name = "bot-rate",
       .kind = Kind::integer,
       .metavar = "N",
       .fallback = "50",
       .help = "messages of one verified bot within 30 seconds",
       .min = 1,
       .max = 100'000,
       .reloads = true},
      {.name = "cooldown",
       .kind = Kind::duration,
       .metavar = "TIME",
       .fallback = "1s",
       .help = "pause between a user's messages in a room; half of it for subscribers, none for moderators "
               "and bots",
       .reloads = true},
      {.name = "repeat-time",
       .kind = Kind::duration,
       .metavar = "TIME",
       .fallback = "30s",
       .help = "how long a user may not repeat its last message in a room; 0s lets it",
       .reloads = true},
      {.name = "room-rate",
       .kind = Kind::integer,
       .metavar = "N",
       .fallback = "50",
       .help = "messages of a room within a second that everybody is shown; of more a sample is, save to "
               "moderators, VIPs and bots; 0 shows all",
       .min = 0,
       .max = 100'000,
       .reloads = true},
      {.name = "automod",
       .metavar = "COMMAND",
       .fallback = "automod --model none",
       .help = "what judges messages: a command that speaks automod's lines, looked for beside chatd first; "
               "'none' lets everything pass",
       .reloads = true},
      {.name = "automod-deadline",
       .kind = Kind::duration,
       .metavar = "TIME",
       .fallback = "200ms",
       .help = "how long a message may wait for its verdict",
       .reloads = true},
      {.name = "automod-late",
       .kind = Kind::choice,
       .metavar = "VERDICT",
       .fallback = "room",
       .help =
           "what becomes of a message that was not judged in time: 'room' leaves it to the room's setting, "
           "which is hold unless somebody has changed it",
       .choices = {"room", "hold", "allow"},
       .reloads = true},
      {.name = "held-time",
       .kind = Kind::duration,
       .metavar = "TIME",
       .fallback = "5m",
       .help = "how long a held message waits for a moderator; 0s: for ever",
       .reloads = true},
      {.name = "evasion-days",
       .kind = Kind::integer,
       .metavar = "DAYS",
       .fallback = "30",
       .help =
           "how long it is kept, as a hash, from where people spoke, to find who comes back under another "
           "name after a ban; 0: it is not, and nobody is looked for",
       .min = 0,
       .max = 3650,
       .reloads = true},
      {.name = "forwarded-for",
       .kind = Kind::flag,
       .help = "believe a proxy on this machine what X-Forwarded-For says of a WebSocket's address",
       .reloads = true},
      {.name = "queue",
       .kind = Kind::size,
       .metavar = "SIZE",
       .fallback = "256K",
       .help = "bytes that may wait for one connection before it is told and dropped",
       .reloads = true},
      {.name = "tick",
       .kind = Kind::duration,
       .metavar = "TIME",
       .fallback = "80ms",
       .help = "in which a busy room's line reaches all: the wait for others to go with it, and the writes",
       .reloads = true},
      {.name = "deflate",
       .kind = Kind::choice,
       .metavar = "WORD",
       .fallback = "on",
       .help = "compress WebSocket messages for clients that ask for it (permessage-deflate), on or off",
       .choices = {"on", "off"},
       .reloads = true},
      {.name = "threads",
       .kind = Kind::integer,
       .metavar = "N",
       .fallback = "0",
       .help =
           "threads that write to the members of big rooms; 0: one for each core that chatd may use, 16 at "
           "most",
       .min = 0,
       .max = 64},
      {.name = "io-uring",
       .kind = Kind::choice,
       .metavar = "WORD",
       .fallback = "on",
       .help = "write to many clients at once by io_uring, where the kernel allows it, on or off",
       .choices = {"on", "off"}},
      {.name = "login-time",
       .kind = Kind::duration,
       .metavar = "TIME",
       .fallback = "30s",
       .help = "how long a connection may stay without logging in or joining a room",
       .reloads = true},
      {.name = "ping",
       .kind = Kind::duration,
       .metavar = "TIME",
       .fallback = "5m",
       .help = "rhythm of IRC's PING; who sends nothing for a minute longer is closed",
       .reloads = true},
  };
  all.insert(all.end(), own.begin(), own.end());
  for (Option& option : app::certificate_options("the ports over TLS")) all.push_back(std::move(option));
  return all;
}
}  // namespace

const app::Program& program() {
  static const app::Program it{
      .name = "chatd",
      .section = 8,
      .summary = "chat over IRC and WebSocket",
      .commands =
          {{.path = "", .summary = "serve the chat of a platform", .options = options(), .positionals = {}}},
      .daemon = true,
  };
  return it;
}

}  // namespace sluice::chatd
