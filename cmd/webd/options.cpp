#include "options.hpp"

#include "app/platform.hpp"

namespace sluice::webd {

const app::Program& program() {
  using app::Kind;
  static const app::Program table = [] {
    auto options = app::platform_options();
    std::vector<app::Option> own = {
        {.name = "http-port", .kind = Kind::integer, .metavar = "PORT", .fallback = "8080",
         .help = "port of the pages and the API", .min = 0, .max = 65535},
        {.name = "public-url", .metavar = "URL",
         .help = "where viewers reach the pages; without it, the host they asked for", .reloads = true},
        {.name = "origin-url", .metavar = "URL",
         .help = "where viewers reach origind or the cache before it; without it, the pages' host at --origin-port", .reloads = true},
        {.name = "chat-url", .metavar = "URL",
         .help = "where viewers reach chatd's WebSocket; without it, the pages' host at --chat-port", .reloads = true},
        {.name = "media-url", .metavar = "URL",
         .help = "where viewers reach the media of what is uploaded, as origind has it: pages may then play from there", .reloads = true},
        {.name = "origin-port", .kind = Kind::integer, .metavar = "PORT", .fallback = "8081", .help = "port of origind",
         .min = 1, .max = 65535, .reloads = true},
        {.name = "chat-port", .kind = Kind::integer, .metavar = "PORT", .fallback = "8082",
         .help = "port of chatd's WebSocket", .min = 1, .max = 65535, .reloads = true},
        {.name = "ingest-control", .kind = Kind::path, .metavar = "SOCKET",
         .help = "ingestd's control socket; without it, run/ingestd.sock in --dir"},
        {.name = "pages", .kind = Kind::path, .metavar = "DIR",
         .help = "the built pages; without it, share/sluice/pages beside the program's bin", .reloads = true},
        {.name = "status-age", .kind = Kind::duration, .metavar = "TIME", .fallback = "10s",
         .help = "how long a channel's status may be answered from memory", .reloads = true},
        {.name = "max-connections", .kind = Kind::integer, .metavar = "N", .fallback = "15000",
         .help = "connections at a time; more are answered 503", .min = 1, .max = 1000000, .reloads = true},
    };
    options.insert(options.end(), own.begin(), own.end());
    return app::Program{.name = "webd",
                        .section = 8,
                        .summary = "web pages, REST API and live events of a Sluice platform",
                        .commands = {{.path = "", .summary = "serve until told to stop", .options = options}},
                        .daemon = true};
  }();
  return table;
}

}  // namespace sluice::webd
