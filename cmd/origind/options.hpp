#pragma once
#include "app/options.hpp"

namespace sluice::origind {

const app::Program& program();

}  // namespace sluice::origind
