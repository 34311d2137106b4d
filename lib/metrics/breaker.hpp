#pragma once
// twitch_circuit_breaker_state: whether what is outside is asked, rests after failures, or is being tried again.
#include "metrics/metrics.hpp"

namespace sluice::metrics {

enum class Breaker { closed = 0, half_open = 1, open = 2 };  // the larger the worse

inline double value_of(Breaker state) { return static_cast<double>(state); }
inline prometheus::Gauge& breaker(const std::string& circuit) {
  return gauge("twitch_circuit_breaker_state", "0 closed: all is well; 1 half-open: one request tries; 2 open: nothing is sent for now", {{"circuit", circuit}});
}

}  // namespace sluice::metrics
