#include "nodes/canary_watch.hpp"

namespace sluice::nodes {

std::optional<std::uint64_t> CanaryWatch::release(Steady now) {
  if (out_ && now - released_ < given_up_after) return std::nullopt;
  out_ = true;
  released_ = now;
  return ++number_;
}

bool CanaryWatch::came_back(std::uint64_t number, Steady now) {
  if (number != number_ || !out_) return false;
  out_ = false;
  round_trip_ = std::chrono::duration_cast<microseconds>(now - released_);
  came_back_ = now;
  return true;
}

}  // namespace sluice::nodes
