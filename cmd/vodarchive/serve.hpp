#pragma once
#include "app/options.hpp"

namespace sluice::vodarchive {

// Every ledger of a platform, those to come included, until told to stop.
Result<int> serve(const app::Settings& settings);

}  // namespace sluice::vodarchive
