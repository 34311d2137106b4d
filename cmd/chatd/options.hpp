#pragma once
#include "app/options.hpp"

namespace sluice::chatd {

const app::Program& program();

}  // namespace sluice::chatd
