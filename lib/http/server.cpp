#include "http/server.hpp"

#include <algorithm>

#include "http/session.hpp"

namespace sluice::http {
namespace {

constexpr std::size_t crowd = 256;                // connections beyond the limit that are told so; more are just closed

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
  Impl(net::Loop& loop, Handler handler, Limits limits)
      : serving(std::make_shared<Serving>(loop, std::move(handler), limits)), timer(loop) {
    serving->on_empty = [this] { session_left(); };
  }

  void accept(os::UniqueFd fd, net::Endpoint peer, const net::TlsContext* tls, std::shared_ptr<void> place = {}) {
    std::size_t open = serving->sessions.size();
    if (open >= serving->limits.connections + crowd) return;
    if (open == 0) timer.every(tick(), [this] { check_times(); });
    Session::start(serving, std::move(fd), std::move(peer), tls, open >= serving->limits.connections, std::move(place));
  }

  void listen(std::unique_ptr<net::Listener> listener) { listeners.push_back(std::move(listener)); }

  // The one timer behind all time-outs: they are kept to within a quarter, or half a second.
  std::chrono::milliseconds tick() const {
    const auto& limits = serving->limits;
    auto shortest = std::min({limits.header_time, limits.idle_time, limits.write_time});
    return std::clamp(shortest / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(500));
  }

  void check_times() {
    auto now = std::chrono::steady_clock::now();
    std::vector<Session*> all(serving->sessions.begin(), serving->sessions.end());
    for (auto* session : all)
      if (serving->sessions.contains(session)) session->check_time(now);
  }

  void session_left() {
    if (!serving->sessions.empty()) return;
    timer.cancel();
    if (auto done = std::exchange(drained, nullptr)) serving->loop.post(std::move(done));
  }

  void drain(std::function<void()> done) {
    serving->draining = true;
    for (auto& listener : listeners) listener->stop();
    drained = std::move(done);
    std::vector<Session*> all(serving->sessions.begin(), serving->sessions.end());
    for (auto* session : all) session->close_when_idle();
    session_left();
  }

  void shut() {
    serving->on_empty = nullptr;
    serving->finish = nullptr;
    serving->handler = [](const Request&, const Responder&) {};
    for (auto* session : serving->sessions) session->abandon();
    timer.cancel();
    listeners.clear();
  }

  std::shared_ptr<Serving> serving;
  net::Timer timer;
  std::vector<std::unique_ptr<net::Listener>> listeners;
  std::function<void()> drained;
};

Server::Server(net::Loop& loop, Handler handler, Limits limits)
    : impl_(std::make_shared<Impl>(loop, std::move(handler), limits)) {}

Server::~Server() { impl_->shut(); }

Result<> Server::listen(const net::Endpoint& at) {
  auto listener = net::Listener::bind(impl_->serving->loop, at, [impl = impl_.get()](os::UniqueFd fd, net::Endpoint peer) {
    impl->accept(std::move(fd), std::move(peer), nullptr);
  });
  if (!listener) return std::unexpected(listener.error());
  impl_->listen(*std::move(listener));
  return {};
}

void Server::listen(os::UniqueFd listening) {
  impl_->listen(net::Listener::adopt(impl_->serving->loop, std::move(listening),
                                     [impl = impl_.get()](os::UniqueFd fd, net::Endpoint peer) {
                                       impl->accept(std::move(fd), std::move(peer), nullptr);
                                     }));
}

void Server::take(os::UniqueFd connected, net::Endpoint peer, const net::TlsContext* tls, std::shared_ptr<void> place) {
  impl_->accept(std::move(connected), std::move(peer), tls, std::move(place));
}

std::vector<net::Endpoint> Server::local() const {
  std::vector<net::Endpoint> endpoints;
  for (const auto& listener : impl_->listeners) endpoints.push_back(listener->local());
  return endpoints;
}

std::vector<int> Server::listening() const {
  std::vector<int> fds;
  for (const auto& listener : impl_->listeners) fds.push_back(listener->fd());
  return fds;
}

void Server::on_answer(std::function<void(Response&)> finish) { impl_->serving->finish = std::move(finish); }

void Server::drain(std::function<void()> done) { impl_->drain(std::move(done)); }

std::size_t Server::connections() const { return impl_->serving->sessions.size(); }

void Server::limit_connections(std::size_t most) { impl_->serving->limits.connections = most; }

}  // namespace sluice::http
