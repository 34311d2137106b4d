#include "options.hpp"

namespace sluice::hlslint {

using app::Kind;

const app::Program& program() {
  static const app::Program table{
      .name = "hlslint",
      .section = 1,
      .summary = "check HLS and LL-HLS presentations against their rules",
      .commands = {{.path = "",
                    .options = {{.name = "rules", .kind = Kind::flag, .help = "list every rule, where it is written, and why those that are not checked are not"}},
                    .positionals = {{.name = "DIR", .help = "a ledger, or a folder of .m3u8 files", .required = false, .repeats = true}}}},
  };
  return table;
}

}  // namespace sluice::hlslint
