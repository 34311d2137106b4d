#pragma once
#include "app/options.hpp"

namespace sluice::subctl {

const app::Program& program();

}  // namespace sluice::subctl
