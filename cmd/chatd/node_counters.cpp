#include "node_counters.hpp"

namespace sluice::chatd {

namespace {
prometheus::Counter& lines(const std::string& how) {
  return metrics::counter("sluice_chat_node_lines_total", "lines between chat nodes, by what became of them",
                          {{"what", how}});
}
}  // namespace

void set_to(prometheus::Counter& counter, std::uint64_t value) {
  counter.Increment(static_cast<double>(value) - counter.Value());
}

metrics::Breaker shown(nodes::Breaker::State state) {
  if (state == nodes::Breaker::State::open) return metrics::Breaker::open;
  return state == nodes::Breaker::State::half_open ? metrics::Breaker::half_open : metrics::Breaker::closed;
}

NodeCounters::NodeCounters()
    : published(lines("published")),
      heard(lines("heard")),
      filled(lines("filled")),
      skipped(lines("skipped")),
      malformed(lines("malformed")),
      unsent(metrics::counter("sluice_chat_node_unsent_total",
                              "what was not handed to Redis while it was away or slow")),
      others(metrics::gauge("sluice_chat_nodes", "other chat nodes that are heard")),
      rooms(metrics::gauge("sluice_chat_node_rooms", "rooms that are subscribed to")),
      round_trip(
          metrics::gauge("sluice_chat_canary_seconds", "a line's way to Redis and back, the last time")),
      breaker(metrics::breaker("chat_publish")) {}

void NodeCounters::show(const nodes::Exchange& exchange, nodes::Breaker::State state) {
  const auto& counts = exchange.counts();
  set_to(published, counts.published);
  set_to(heard, counts.heard);
  set_to(filled, counts.filled);
  set_to(skipped, counts.skipped);
  set_to(malformed, counts.malformed);
  others.Set(static_cast<double>(exchange.others()));
  rooms.Set(static_cast<double>(exchange.followed()));
  if (const auto time = exchange.canary().round_trip())
    round_trip.Set(std::chrono::duration<double>(*time).count());
  breaker.Set(metrics::value_of(shown(state)));
}

}  // namespace sluice::chatd
