#pragma once
#include "app/options.hpp"
#include "base/result.hpp"

namespace sluice::webd {

// Serves until told to stop; the exit code.
Result<int> serve(const app::Settings& settings);

}  // namespace sluice::webd
