#pragma once
// The three things that the program does.
#include <string>

#include "app/options.hpp"
#include "base/result.hpp"
#include "containers.hpp"

namespace sluice::segmenter {

// Standard input into a ledger, until the input ends.
Result<int> segment(const app::Settings& settings, const Containers& containers);

// Gap parts in a ledger that nobody feeds, as far as each line of standard input says, until that ends.
Result<int> fill_gaps(const std::string& directory);

// Ends a ledger whose writer is gone.
Result<int> finish(const std::string& directory);

}  // namespace sluice::segmenter
