#pragma once
// work(): this program as a worker: takes jobs from a queue in Redis for as long as it has slots, until told to stop.
#include "app/options.hpp"
#include "base/result.hpp"

namespace sluice::transcode {

Result<int> work(const app::Settings& settings);

}  // namespace sluice::transcode
