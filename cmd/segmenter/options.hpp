#pragma once
#include "app/options.hpp"

namespace sluice::segmenter {

const app::Program& program();

}  // namespace sluice::segmenter
