#pragma once
// How long to wait before the next try: doubled each time up to a limit, give or take a share, so that many who failed at once do not come
// back at once.
#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace sluice {

struct Backoff {
  milliseconds first{100}, most{5000};
  unsigned jitter_percent = 10;

  // After `failures` (from 1 on) in a row.
  milliseconds after(unsigned failures, Random& random) const {
    std::int64_t wait = first.count();
    for (unsigned i = 1; i < failures && wait < most.count(); ++i) wait *= 2;
    wait = std::min<std::int64_t>(wait, most.count());
    const std::int64_t spread = wait * jitter_percent / 100;
    return milliseconds(wait - spread + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * spread + 1))));
  }
};

}  // namespace sluice
