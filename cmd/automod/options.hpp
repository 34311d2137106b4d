#pragma once
#include "app/options.hpp"

namespace sluice::automod {

const app::Program& program();

}  // namespace sluice::automod
