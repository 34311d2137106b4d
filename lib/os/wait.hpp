#pragma once
// A wait of a bounded time for one descriptor, for programs and moments without a loop.
#include "base/clock.hpp"

namespace sluice::os {

// Whether it can be read, or, of a pidfd, its process has ended, within `most`; signals that are handled meanwhile change neither.
bool readable_within(int fd, milliseconds most);

}  // namespace sluice::os
