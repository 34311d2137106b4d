#pragma once
#include "app/options.hpp"
#include "base/result.hpp"

namespace sluice::chatd {

Result<int> serve(const app::Settings& settings);

}  // namespace sluice::chatd
