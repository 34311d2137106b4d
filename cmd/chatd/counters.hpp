#pragma once
// What the daemon counts, under the names that the platform's dashboards know.
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/ids.hpp"
#include "chat/types.hpp"
#include "metrics/metrics.hpp"

namespace sluice::chatd {

struct Counters {
  explicit Counters(const std::string& instance);  // of several nodes: which this is

  void count(const chat::Message& message);
  void count_act(std::string_view act, ChannelId channel);  // of moderation

  prometheus::Gauge& web_sockets;
  prometheus::Gauge& irc;
  prometheus::Gauge& rooms;
  prometheus::Gauge& viewers;
  prometheus::Gauge& viewer_count;
  prometheus::Counter& deliveries;
  prometheus::Counter& left_out;
  prometheus::Counter& slow;
  prometheus::Counter& refused;
  prometheus::Gauge& lost;
  prometheus::Gauge& blocked_lost;

 private:
  std::unordered_map<ChannelId, prometheus::Counter*> messages_;
  std::unordered_set<ChannelId> moderated_;  // that have a series of their own
};

}  // namespace sluice::chatd
