#include "app/health.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "metrics/metrics.hpp"

namespace sluice::app {

namespace {
bool all_well(const std::vector<Health>& checks) {
  return std::ranges::all_of(checks, [](const Health& health) { return health.ok; });
}
}  // namespace

std::string health_json(const std::vector<Health>& checks) {
  nlohmann::ordered_json report{{"status", all_well(checks) ? "healthy" : "degraded"},
                                {"timestamp", format_rfc3339(system_clock().wall())}};
  auto dependencies = nlohmann::ordered_json::object();
  for (const Health& health : checks) {
    nlohmann::ordered_json row{{"status", health.ok ? "healthy" : "unhealthy"}, {"latency_ms", health.latency_ms}};
    if (!health.error.empty()) row["error"] = health.error;
    if (health.since) row["since"] = format_rfc3339(*health.since);
    dependencies[health.dependency] = row;
  }
  report["dependencies"] = dependencies;
  return report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool answer_health(const HealthSource& source, const http::Request& request, const http::Responder& responder) {
  auto answer = [&responder](int status, std::string body) {
    auto response = http::Response::json(status, std::move(body));
    response.headers.emplace_back("Cache-Control", "no-store");
    responder.respond(std::move(response));
  };
  if (request.path == "/metrics") {
    responder.respond(http::Response::text(200, metrics::exposition(), "text/plain; version=0.0.4; charset=utf-8"));
  } else if (request.path == "/health") {
    const auto checks = source.check();
    answer(all_well(checks) ? 200 : 503, health_json(checks));
  } else if (request.path == "/health/live") {
    answer(200, R"({"status":"live"})");
  } else if (request.path == "/health/ready") {
    const bool ready = source.ready();
    answer(ready ? 200 : 503, ready ? R"({"status":"ready"})" : R"({"status":"not ready"})");
  } else {
    return false;
  }
  return true;
}

}  // namespace sluice::app
