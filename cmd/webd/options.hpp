#pragma once
// webd's table of options.
#include "app/options.hpp"

namespace sluice::webd {

const app::Program& program();

}  // namespace sluice::webd
