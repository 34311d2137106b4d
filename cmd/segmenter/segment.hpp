#pragma once
// The two things that the program does.
#include <string>

#include "app/options.hpp"
#include "base/result.hpp"

namespace sluice::segmenter {

// Standard input into a ledger, until the input ends.
Result<int> segment(const app::Settings& settings);

// Ends a ledger whose writer is gone.
Result<int> finish(const std::string& directory);

}  // namespace sluice::segmenter
