#include "metrics_server.hpp"

#include <thread>

#include "http/server.hpp"
#include "metrics/metrics.hpp"

namespace sluice::transcode {

namespace {
void answer(const http::Request& request, http::Responder responder) {
  if (request.path != "/metrics") return responder.respond(http::Response::text(404, "only /metrics is served here\n"));
  responder.respond(http::Response::text(200, metrics::exposition(), "text/plain; version=0.0.4; charset=utf-8"));
}
}  // namespace

struct MetricsServer::Impl {
  net::Loop loop;
  http::Server server{loop, answer};
  std::thread thread;
};

MetricsServer::MetricsServer() : impl_(std::make_unique<Impl>()) {}

MetricsServer::~MetricsServer() {
  impl_->loop.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::open(std::string_view endpoint) {
  SLUICE_TRY_VALUE(const net::Endpoint at, net::parse_endpoint(endpoint));
  std::unique_ptr<MetricsServer> made(new MetricsServer);
  SLUICE_TRY(made->impl_->server.listen(at));
  made->impl_->thread = std::thread([impl = made->impl_.get()] { impl->loop.run(); });
  return made;
}

}  // namespace sluice::transcode
