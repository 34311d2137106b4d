#pragma once
// NodeLimits: nodes::Limits by the connection on which this node publishes.
#include <array>

#include "app/daemon.hpp"
#include "base/sparing.hpp"
#include "metrics/breaker.hpp"
#include "metrics/metrics.hpp"
#include "net/loop.hpp"
#include "nodes/limits.hpp"
#include "redis/script.hpp"

namespace sluice::chatd {

class NodeLimits final : private nodes::Limits::Outside {
 public:
  // All outlive it.
  NodeLimits(net::Loop& loop, redis::Link& link, std::string origin,
             std::function<milliseconds()> longest_cooldown);

  void connected();
  void broken() { limits_.lost(); }
  void tick();
  nodes::Limits& limits() { return limits_; }
  // Of a server that is there and does not do what is asked; that there is none, the connection's own tells.
  app::Health health();

 private:
  bool reachable() override;
  void run(nodes::Limits::Script script, nodes::Limits::Words keys, nodes::Limits::Words arguments,
           nodes::Limits::Answer answer) override;
  void set(std::string key, std::string value, seconds lasts) override;
  void remove(std::string key) override;
  void wake(milliseconds in) override;

  net::Loop& loop_;
  redis::Link& link_;
  std::array<redis::Script, 4> scripts_;  // by nodes::Limits::Script
  net::Timer timer_;
  Sparing refused_{seconds(10)};
  std::string fault_;  // what Redis said last instead of an answer
  nodes::Limits limits_;
  prometheus::Counter &asked_, &late_, &unasked_, &spared_;
  prometheus::Gauge& breaker_;
};

}  // namespace sluice::chatd
