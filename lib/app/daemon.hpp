#pragma once
// What every daemon shares: the loop, signals (SIGTERM drains, a second one stops now; SIGHUP reloads), readiness
// (--ready-fd and sd_notify), metrics and health over HTTP, a control socket, sockets passed in by systemd.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/options.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"
#include "net/tcp.hpp"

namespace sluice::app {

struct Health {
  std::string dependency;   // "store", "bus"
  bool ok = true;
  double latency_ms = 0;
  std::string error;
  std::optional<Wall> since = {};  // when it is known, of the error
};

class Daemon {
 public:
  explicit Daemon(const Settings& settings, std::string name);
  ~Daemon();

  net::Loop& loop();
  const Settings& settings() const;

  // A listener for `port_name` ("rtmp", "http"): the socket of that name passed in by LISTEN_FDS, else one bound to each --bind address
  // at `port`. The port is reported to `sluice status` under that name.
  Result<> listen(const std::string& port_name, std::uint16_t port, net::Listener::Accept accept);

  // The same for sockets that are no stream sockets: `bind` is called for each --bind address and tells where it listens.
  Result<> listen_with(const std::string& port_name, std::uint16_t port, const std::function<Result<net::Endpoint>(const net::Endpoint& at)>& bind);

  // `listening`: what came of listening on the port. One that nobody asked for by its option need not be had: where it is taken, the log tells
  // so as an error, and the rest is served.
  Result<> unless_taken(const std::string& port_name, Result<> listening) const;

  // ---- replacing a daemon in use: what one process listens on, another goes on with

  // A listening socket of a predecessor, by its port name ("metrics" and "control" too): taken where listen() would bind its address.
  void inherit(const std::string& port_name, os::UniqueFd listening);
  struct Listening {
    std::string port_name;
    int fd = -1;  // borrowed
  };
  std::vector<Listening> listening() const;
  void pause_accepting();   // who connects waits in the kernel's queue; the control socket and metrics go on
  void resume_accepting();
  // A successor listens on all that listening() told of: close them here. What is under way goes on; stopping is as ever.
  void retire();
  bool replaced() const;    // retire() was called, whatever came after
  bool serving() const;     // ready, and not told to stop
  void stop(std::string_view why);  // as SIGTERM would
  // The last thing before the daemon serves and says ready: an error ends it.
  void before_ready(std::function<Result<>()> act);

  // Has run() serve without saying ready: be_ready() says it, once, when that without which nothing can be done is there.
  void await_ready();
  void be_ready();

  void on_drain(std::function<void(std::function<void()> done)> drain);  // finish, then call done; --drain-time bounds it
  // SIGHUP: the whole configuration has been read again and is sound. What comes differs from settings() in options that
  // reload only (Option::reloads): swap to it, or keep everything as it was and say why.
  void on_reload(std::function<Result<>(const Settings&)> reload);
  // As SIGHUP does, for what has changed since settings() were read. Where it is not sound everything stays as it was, and that is logged.
  void read_again();
  void on_health(std::function<std::vector<Health>()> check);
  // One JSON request a line, one JSON answer a line, on the control socket (--control PATH): {"command": "...", ...}. Every daemon
  // answers "status", "health" and "reload", which is SIGHUP with its outcome.
  void on_control(const std::string& command, std::function<std::string(const std::string& request_json)> answer);
  // …or answers later, on the loop's thread, once.
  void on_control(const std::string& command,
                  std::function<void(const std::string& request_json, std::function<void(std::string)> reply)> answer);

  // Says ready and serves until told to stop. The exit code.
  Result<int> run();
  void fail(Error error);  // stop now, exiting with this error

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::app
