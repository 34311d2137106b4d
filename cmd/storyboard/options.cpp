#include "options.hpp"

namespace sluice::storyboard {

using app::Kind;

const app::Program& program() {
  static const app::Program table{
      .name = "storyboard",
      .section = 1,
      .summary = "pictures for seeking, from a stream's ledger",
      .commands = {{.path = "",
                    .options = {{.name = "sheet",
                                 .kind = Kind::integer,
                                 .metavar = "N",
                                 .fallback = "0",
                                 .help = "which sheet of pictures to write",
                                 .min = 0,
                                 .max = 1'000'000},
                                {.name = "newest", .kind = Kind::flag, .help = "write the newest keyframe alone instead of a sheet"},
                                {.name = "track", .kind = Kind::flag, .help = "write the WebVTT track that tells which picture shows when"},
                                {.name = "interval",
                                 .kind = Kind::integer,
                                 .metavar = "SECONDS",
                                 .fallback = "10",
                                 .help = "seconds from one picture to the next",
                                 .min = 1,
                                 .max = 3600},
                                {.name = "columns",
                                 .kind = Kind::integer,
                                 .metavar = "N",
                                 .fallback = "5",
                                 .help = "pictures side by side",
                                 .min = 1,
                                 .max = 20},
                                {.name = "rows",
                                 .kind = Kind::integer,
                                 .metavar = "N",
                                 .fallback = "5",
                                 .help = "rows of pictures on a sheet",
                                 .min = 1,
                                 .max = 20},
                                {.name = "tile-width",
                                 .kind = Kind::integer,
                                 .metavar = "PIXELS",
                                 .fallback = "160",
                                 .help = "width of a picture, made even",
                                 .min = 32,
                                 .max = 640}},
                    .positionals = {{.name = "LEDGER", .help = "a stream's ledger, while it is written or later"}}}},
  };
  return table;
}

}  // namespace sluice::storyboard
