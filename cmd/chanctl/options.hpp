#pragma once
// chanctl's option table.
#include "app/options.hpp"

namespace sluice::chanctl {

const app::Program& program();

}  // namespace sluice::chanctl
