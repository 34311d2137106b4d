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

std::vector<Option> options() {
  std::vector<Option> all = app::platform_options();
  const std::vector<Option> own{
      {.name = "history",
       .kind = Kind::path,
       .metavar = "FILE",
       .help = "file that keeps what was said; default DIR/chat.db; 'none' keeps nothing"},
      {.name = "history-days",
       .kind = Kind::integer,
       .metavar = "DAYS",
       .fallback = "30",
       .help = "how long it is kept",
       .min = 1,
       .max = 3650,
       .reloads = true},
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
       .help = "most connections of one address, loopback excepted",
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
       .help = "logins of one user, and from one address (loopback excepted), within 10 seconds",
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
      {.name = "cooldown",
       .kind = Kind::duration,
       .metavar = "TIME",
       .fallback = "1s",
       .help = "pause between a user's messages in a room; half of it for subscribers, none for moderators",
       .reloads = true},
      {.name = "repeat-time",
       .kind = Kind::duration,
       .metavar = "TIME",
       .fallback = "30s",
       .help = "how long a user may not repeat its last message in a room; 0s lets it",
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
       .fallback = "50ms",
       .help = "longest time that a line of a busy room waits for others to go with it",
       .reloads = true},
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
       .help = "rhythm of IRC's PING",
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
