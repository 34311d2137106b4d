#include "options.hpp"

#include "app/platform.hpp"

namespace sluice::origind {

using app::Kind;

const app::Program& program() {
  static const app::Program table{
      .name = "origind",
      .section = 8,
      .summary = "serve live and recorded streams as HLS and LL-HLS",
      .commands = {{.path = "",
                    .options = {app::platform_options().front(),  // --dir
                                {.name = "live",
                                 .kind = Kind::path,
                                 .metavar = "DIR",
                                 .help = "where each live channel has its ledger, or a link to one (default: live in --dir)"},
                                {.name = "ledgers",
                                 .kind = Kind::path,
                                 .metavar = "DIR",
                                 .help = "where every stream's ledger lies under its id (default: ledgers in --dir)"},
                                {.name = "http-port",
                                 .kind = Kind::integer,
                                 .metavar = "PORT",
                                 .fallback = "8081",
                                 .help = "port for players; 0 picks one",
                                 .min = 0,
                                 .max = 65535},
                                {.name = "live-window",
                                 .kind = Kind::duration,
                                 .metavar = "TIME",
                                 .fallback = "30s",
                                 .help = "length of live playlists, never less than six segments",
                                 .reloads = true},
                                {.name = "public-url",
                                 .kind = Kind::text,
                                 .metavar = "URL",
                                 .help = "address under which players reach this server: master playlists then name their "
                                         "playlists by full addresses",
                                 .reloads = true},
                                {.name = "max-waiting",
                                 .kind = Kind::integer,
                                 .metavar = "N",
                                 .fallback = "20000",
                                 .help = "requests that may wait for a part at one time",
                                 .min = 1,
                                 .max = 1'000'000,
                                 .reloads = true},
                                {.name = "max-connections",
                                 .kind = Kind::integer,
                                 .metavar = "N",
                                 .fallback = "15000",
                                 .help = "connections at one time",
                                 .min = 1,
                                 .max = 1'000'000,
                                 .reloads = true},
                                {.name = "idle-close",
                                 .kind = Kind::duration,
                                 .metavar = "TIME",
                                 .fallback = "60s",
                                 .help = "a ledger that nobody asks for is closed after so long",
                                 .reloads = true}}}},
      .daemon = true,
  };
  return table;
}

}  // namespace sluice::origind
