#pragma once
// modctl's option table.
#include "app/options.hpp"

namespace sluice::modctl {

const app::Program& program();

}  // namespace sluice::modctl
