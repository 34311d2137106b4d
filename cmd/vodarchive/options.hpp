#pragma once
#include "app/options.hpp"

namespace sluice::vodarchive {

const app::Program& program();

}  // namespace sluice::vodarchive
