#pragma once
// What the daemon counts, under the names that the platform's dashboards know.
#include <string>
#include <unordered_map>

#include "base/ids.hpp"
#include "chat/types.hpp"
#include "metrics/metrics.hpp"

namespace sluice::chatd {

struct Counters {
  explicit Counters(const std::string& instance);  // of several nodes: which this is

  void count(const chat::Message& message);

  prometheus::Gauge& web_sockets;
  prometheus::Gauge& irc;
  prometheus::Gauge& rooms;
  prometheus::Gauge& viewers;
  prometheus::Gauge& viewer_count;
  prometheus::Counter& deliveries;
  prometheus::Counter& left_out;
  prometheus::Counter& slow;
  prometheus::Gauge& lost;
  prometheus::Gauge& blocked_lost;

 private:
  std::unordered_map<ChannelId, prometheus::Counter*> messages_;
};

}  // namespace sluice::chatd
