#pragma once
#include "app/options.hpp"

const sluice::app::Program& program();
