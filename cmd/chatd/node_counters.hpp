#pragma once
// What is counted of the other nodes.
#include "metrics/breaker.hpp"
#include "metrics/metrics.hpp"
#include "nodes/breaker.hpp"
#include "nodes/exchange.hpp"

namespace sluice::chatd {

void set_to(prometheus::Counter& counter, std::uint64_t value);
metrics::Breaker shown(nodes::Breaker::State state);

struct NodeCounters {
  NodeCounters();
  void show(const nodes::Exchange& exchange, nodes::Breaker::State state);

  prometheus::Counter& published;
  prometheus::Counter& heard;
  prometheus::Counter& filled;
  prometheus::Counter& skipped;
  prometheus::Counter& malformed;
  prometheus::Counter& unsent;
  prometheus::Gauge& others;
  prometheus::Gauge& rooms;
  prometheus::Gauge& round_trip;
  prometheus::Gauge& breaker;
};

}  // namespace sluice::chatd
