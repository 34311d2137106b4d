#pragma once
#include "app/options.hpp"

namespace sluice::vodarchive {

// The ledgers that are named, until they are uploaded whole, or as far as they are finished.
Result<int> upload(const app::Settings& settings);

}  // namespace sluice::vodarchive
