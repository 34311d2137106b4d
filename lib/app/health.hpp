#pragma once
// /metrics, /health, /health/live and /health/ready of a daemon.
#include <functional>
#include <string>
#include <vector>

#include "app/daemon.hpp"
#include "http/server.hpp"

namespace sluice::app {

// {"status":"healthy"|"degraded","timestamp":…,"dependencies":{NAME:{"status":…,"latency_ms":…,"error":…,"since":…}}}
std::string health_json(const std::vector<Health>& checks);

struct HealthSource {
  std::function<std::vector<Health>()> check;
  std::function<bool()> ready;
};
// Answers the four paths; false when the path is another.
bool answer_health(const HealthSource& source, const http::Request& request, const http::Responder& responder);

}  // namespace sluice::app
