#pragma once
#include "app/options.hpp"
#include "base/result.hpp"

namespace sluice::automod {

Result<int> train_model(const app::Settings& settings);  // the command "train"

}  // namespace sluice::automod
