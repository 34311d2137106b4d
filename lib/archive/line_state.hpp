#pragma once
// Whether the way to a store is open: it rests after failures, longer each time, and is tried with one request before all may go again
// (a circuit breaker). Pure: time is given.
#include <algorithm>
#include <cstddef>

#include "base/backoff.hpp"

namespace sluice::archive {

class LineState {
 public:
  explicit LineState(Backoff rests = {milliseconds(1000), milliseconds(30'000)}) : rests_(rests) {}

  // How many requests may be under way at once.
  std::size_t allowed(Steady now, std::size_t at_once) const {
    if (failures_ == 0) return at_once;
    return rests(now) ? 0 : 1;
  }
  bool open() const { return failures_ == 0; }
  bool rests(Steady now) const { return failures_ > 0 && now < rests_until_; }
  Steady rests_until() const { return rests_until_; }

  void succeeded() { failures_ = 0; }
  // A request has been given up. Those that had been under way together count once.
  void failed(Steady now, Random& random) {
    if (rests(now)) return;
    ++failures_;
    rests_until_ = now + rests_.after(failures_, random);
  }

 private:
  Backoff rests_;
  unsigned failures_ = 0;
  Steady rests_until_{};
};

}  // namespace sluice::archive
