#include "options.hpp"

namespace sluice::hlslint {

using app::Kind;

const app::Program& program() {
  static const app::Program table{
      .name = "hlslint",
      .section = 1,
      .summary = "check HLS and LL-HLS presentations against their rules",
      .commands = {{.path = "",
                    .options = {{.name = "rules", .kind = Kind::flag, .help = "list every rule, where it is written, and why those that are not checked are not"},
                                {.name = "apple", .kind = Kind::flag, .help = "also what Apple demands only of what its devices are to play everywhere"},
                                {.name = "watch", .kind = Kind::duration, .metavar = "TIME", .help = "follow a live URL so long, or until it ends; unset: three target durations"},
                                {.name = "late", .kind = Kind::duration, .metavar = "TIME", .fallback = "1s", .help = "how much later than its rule says anything may come from a URL: the network's part"},
                                {.name = "ca-file", .kind = Kind::path, .metavar = "FILE", .help = "certificates to trust for https, in PEM, instead of the system's"}},
                    .positionals = {{.name = "PLACE", .help = "the URL of a playlist, its file, a ledger, or a folder of .m3u8 files", .required = false, .repeats = true}}}},
  };
  return table;
}

}  // namespace sluice::hlslint
