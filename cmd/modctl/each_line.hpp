#pragma once
// Acts upon one thing that the command line names, or upon many that stand on standard input.
#include <functional>
#include <string>

#include "app/options.hpp"
#include "app/print.hpp"
#include "base/result.hpp"

namespace sluice::modctl {

// What became of one.
struct Outcome {
  std::string text;     // "banned bob from demo"
  app::Json more;       // beside what and result, in JSON
  bool changed = true;  // false: it was so already
};
using Act = std::function<Result<Outcome>(const std::string& name)>;

// Acts upon `name`, or, where it is "-", upon each line of standard input (but blank ones and those that
// begin with #), each on its own, telling each on standard output at once; those that fail on standard error,
// or as JSON. `what` is its member in JSON: "user". The exit code: 1 where some failed. What concerns all
// that would follow, a store that is busy or a full disk, ends it with the error.
Result<int> act_on_each(const app::Settings& settings, const char* what, const std::string& name,
                        const Act& act);

}  // namespace sluice::modctl
