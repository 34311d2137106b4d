#pragma once
#include "app/options.hpp"

namespace sluice::hlslint {

const app::Program& program();

}  // namespace sluice::hlslint
