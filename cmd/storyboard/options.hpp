#pragma once
#include "app/options.hpp"

namespace sluice::storyboard {

const app::Program& program();

}  // namespace sluice::storyboard
