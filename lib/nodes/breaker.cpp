#include "nodes/breaker.hpp"

namespace sluice::nodes {

Breaker::State Breaker::state(Steady now) {
  if (state_ == State::open && connected_ && now - opened_ >= rules_.reset) state_ = State::half_open;
  return state_;
}

void Breaker::succeeded(Steady now) {
  if (state(now) == State::half_open) {
    state_ = State::closed;
    seconds_ = {};
  }
  count(now, false);
}

void Breaker::failed(Steady now) {
  if (state(now) == State::half_open) return open(now);
  count(now, true);
  if (state_ != State::closed) return;
  unsigned requests = 0, failures = 0;
  const std::int64_t second = std::chrono::floor<seconds>(now.time_since_epoch()).count();
  for (const Second& each : seconds_) {
    if (each.second <= second - static_cast<std::int64_t>(window)) continue;
    requests += each.requests;
    failures += each.failures;
  }
  if (requests >= rules_.least && failures * 100 >= requests * rules_.percent) open(now);
}

void Breaker::lost(Steady now) {
  connected_ = false;
  open(now);
}

void Breaker::reached(Steady now) {
  connected_ = true;
  if (state(now) == State::open) state_ = State::half_open;
}

void Breaker::count(Steady now, bool failure) {
  const std::int64_t second = std::chrono::floor<seconds>(now.time_since_epoch()).count();
  Second& slot = seconds_[static_cast<std::size_t>(second) % window];
  if (slot.second != second) slot = {second, 0, 0};
  ++slot.requests;
  if (failure) ++slot.failures;
}

void Breaker::open(Steady now) {
  state_ = State::open;
  opened_ = now;
  seconds_ = {};
}

}  // namespace sluice::nodes
