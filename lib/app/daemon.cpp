#include "app/daemon.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/control.hpp"
#include "app/health.hpp"
#include "app/kept_sockets.hpp"
#include "app/passed_sockets.hpp"
#include "app/readiness.hpp"
#include "app/reload.hpp"
#include "app/run.hpp"
#include "app/signals.hpp"
#include "base/clock.hpp"
#include "http/server.hpp"
#include "log/log.hpp"
#include "net/sockets.hpp"
#include "os/file.hpp"

namespace sluice::app {

namespace {
// Of the environment, and not of our children's.
std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}
}  // namespace

enum class Stage { starting, ready, retired, draining };

struct Daemon::Impl {
  Impl(const Settings& s, std::string n) : settings(s), name(std::move(n)) {}

  Settings settings;
  std::string name;
  net::Loop loop;
  Stage stage = Stage::starting;
  bool replaced = false, awaits = false;
  std::multimap<std::string, os::UniqueFd> passed = take_passed_sockets();
  std::multimap<std::string, os::UniqueFd> inherited;
  std::string keeper_of_sockets = take_variable("SLUICE_SOCKETS");
  bool asked_keeper = false;
  const bool kept_by_sluice = !keeper_of_sockets.empty();  // which gives the ports
  std::function<Result<>()> before_ready = [] { return Result<>(); };
  std::multimap<std::string, std::unique_ptr<net::Listener>> listeners;
  std::multimap<std::string, net::Endpoint> others;  // that are listened at by other means
  std::optional<http::Server> health_server;
  Control control;
  net::Timer drain_limit{loop};
  std::optional<Error> failure;
  Wall since = system_clock().wall();
  std::function<void(std::function<void()>)> drain = [](std::function<void()> done) { done(); };
  std::function<Result<>(const Settings&)> reload;
  std::function<std::vector<Health>()> health = [] { return std::vector<Health>{}; };
  std::optional<Signals> signals;

  void on_signal(int number) {
    if (number == SIGHUP) return (void)reload_now();
    if (stage == Stage::draining) {
      log::warn("told to stop twice: stopping now");
      return loop.stop();
    }
    stop_gently(number == SIGINT ? "interrupted" : "told to stop");
  }

  void stop_gently(std::string_view why) {
    stage = Stage::draining;
    notify_systemd("STOPPING=1");
    log::info("draining", {{"why", why}});
    for (auto& [port, listener] : listeners) listener->stop();
    drain_limit.after(settings.duration("drain-time"), [this] {
      log::warn("drain time is over: stopping now");
      loop.stop();
    });
    drain([this] { loop.post([this] { loop.stop(); }); });
  }

  Result<Reload> reload_now() {
    notify_systemd("RELOADING=1");
    const Result<Reload> done = swap_settings();
    if (done)
      tell(*done);
    else
      log::error("configuration not reloaded: the old one stays", {done.error()});
    if (stage != Stage::starting) notify_systemd("READY=1");
    return done;
  }

  void be_ready() {
    if (stage != Stage::starting) return;
    stage = Stage::ready;
    std::string ports;
    for (const auto& [port, local] : locals()) ports += (ports.empty() ? "" : " ") + port + "=" + local.text();
    log::info("ready", {{"ports", ports}});
    if (settings.has("ready-fd")) write_ready_fd(static_cast<int>(settings.integer("ready-fd")));
    notify_systemd("READY=1");
  }

  Result<Reload> swap_settings() {
    SLUICE_TRY_VALUE(const Settings fresh, parse_again());
    const Reload planned = Reload::of(options_of(running_program(), fresh.command()), settings, fresh);
    if (reload) SLUICE_TRY(reload(planned.settings));
    settings = planned.settings;
    log::set_level(log::level_named(settings.text("log-level")));
    return planned;
  }

  static void tell(const Reload& planned) {
    log::info("configuration reloaded", {{"changed", fmt::to_string(fmt::join(planned.changed, " "))}});
    if (!planned.need_restart.empty())
      log::warn("changed settings that need a restart: the old ones stay until then",
                {{"settings", fmt::to_string(fmt::join(planned.need_restart, " "))}});
  }

  void read_again() {
    const Result<Reload> done = swap_settings();
    if (!done) return log::error("configuration not read again: it stays as it was", {done.error()});
    if (!done->changed.empty() || !done->need_restart.empty()) tell(*done);
  }

  // What a daemon of this name listened on when it died, unless a living one hands that over.
  void take_kept() {
    if (asked_keeper || keeper_of_sockets.empty() || !inherited.empty()) return;
    asked_keeper = true;
    if (auto kept = take_kept_sockets(keeper_of_sockets, name))
      inherited = std::move(*kept);
    else
      log::warn("listening sockets are not kept: who connects while this program is dead is refused", {kept.error()});
  }

  void keep_listening() {
    if (keeper_of_sockets.empty() || listeners.empty()) return;
    std::multimap<std::string, int> open;
    for (const auto& [port, listener] : listeners) open.emplace(port, listener->fd());
    if (const auto kept = keep_sockets(keeper_of_sockets, name, open); !kept)
      log::warn("listening sockets are not kept: who connects while this program is dead is refused", {kept.error()});
  }

  // Listens at `at`. A socket of an earlier run that is at that port, but at an address that is not wanted any more, is in nobody's way.
  Result<std::unique_ptr<net::Listener>> bind(const std::string& port_name, const net::Endpoint& at, const net::Listener::Accept& accept) {
    auto bound = net::Listener::bind(loop, at, accept);
    if (bound || bound.error().code != Errc::unavailable || inherited.erase(port_name) == 0) return bound;
    return net::Listener::bind(loop, at, accept);
  }

  // Binds `port` at each --bind address.
  Result<> bind_each(const std::string& port_name, std::uint16_t port, const std::function<Result<net::Endpoint>(const net::Endpoint& at)>& bind) {
    const bool by_default = settings.origin("bind") == "default";
    bool bound = false;
    for (const std::string& address : settings.list("bind")) {
      const auto local = bind({address, port, ""});
      if (!local) {
        // A machine without IPv6 is served on IPv4 alone, unless ::1 was asked for.
        if (by_default && bound && local.error().code != Errc::unavailable) continue;
        Error error = local.error();
        if (error.code == Errc::unavailable) error.hint += kept_by_sluice ? ": sluice up --port-base N" : ": --" + port_name + "-port";
        return std::unexpected(std::move(error));
      }
      if (port == 0) port = local->port;
      bound = true;
    }
    if (!bound) return sluice::fail(Errc::config, "--bind names no address", "give --bind 127.0.0.1");
    return {};
  }

  // The inherited socket that listens at `at`, if there is one; port 0 is any.
  os::UniqueFd take_inherited(const std::string& port_name, const net::Endpoint& at) {
    const auto [first, last] = inherited.equal_range(port_name);
    for (auto each = first; each != last; ++each) {
      net::SocketAddress bound;
      if (::getsockname(each->second.get(), bound.get(), &bound.size) != 0) continue;
      const net::Endpoint local = net::to_endpoint(bound);
      if (local.host != at.host || local.path != at.path || (at.port != 0 && local.port != at.port)) continue;
      os::UniqueFd found = std::move(each->second);
      inherited.erase(each);
      return found;
    }
    return {};
  }

  // Where each port listens, by its name.
  std::multimap<std::string, net::Endpoint> locals() const {
    auto all = others;
    for (const auto& [port, listener] : listeners) all.emplace(port, listener->local());
    return all;
  }

  Result<> serve_health() {
    if (!settings.has("metrics")) return {};
    SLUICE_TRY_VALUE(const net::Endpoint at, net::parse_endpoint(settings.text("metrics")));
    HealthSource source{[this] { return health(); }, [this] { return stage == Stage::ready; }};
    health_server.emplace(loop, [source](const http::Request& request, http::Responder responder) {
      if (!answer_health(source, request, responder)) responder.respond(http::Response::text(404, "not found\n"));
    });
    if (os::UniqueFd socket = take_inherited("metrics", at)) return health_server->listen(std::move(socket)), Result<>();
    return health_server->listen(at);
  }

  Result<> serve_control() {
    control.add("status", [this](const std::string&) {
      static constexpr std::string_view stages[] = {"starting", "ready", "retired", "draining"};
      nlohmann::ordered_json ports = nlohmann::ordered_json::object();
      for (const auto& [port, local] : locals()) ports[port] = local.port;
      return nlohmann::ordered_json{{"name", name},
                                    {"pid", ::getpid()},
                                    {"state", stages[static_cast<int>(stage)]},
                                    {"since", format_rfc3339(since)},
                                    {"ports", ports}}
          .dump();
    });
    control.add("health", [this](const std::string&) { return health_json(health()); });
    control.add("reload", [this](const std::string&) {
      const auto done = reload_now();
      if (!done) return error_json(done.error());
      return nlohmann::ordered_json{{"reloaded", true}, {"changed", done->changed}, {"need_restart", done->need_restart}}.dump();
    });
    if (!settings.has("control")) return {};
    const std::string path = settings.text("control");
    if (const auto folder = std::filesystem::path(path).parent_path(); !folder.empty() && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
      return fail_errno("make " + folder.string() + " for the control socket");
    if (os::UniqueFd socket = take_inherited("control", {.path = path})) return control.adopt(loop, std::move(socket), path), Result<>();
    return control.listen(loop, path);
  }
};

Daemon::Daemon(const Settings& settings, std::string name) : impl_(std::make_unique<Impl>(settings, std::move(name))) {}
Daemon::~Daemon() = default;

net::Loop& Daemon::loop() { return impl_->loop; }
const Settings& Daemon::settings() const { return impl_->settings; }

Result<> Daemon::listen(const std::string& port_name, std::uint16_t port, net::Listener::Accept accept) {
  auto [first, last] = impl_->passed.equal_range(port_name);
  if (first != last) {
    for (auto at = first; at != last; ++at)
      impl_->listeners.emplace(port_name, net::Listener::adopt(impl_->loop, std::move(at->second), accept));
    impl_->passed.erase(first, last);
    return {};
  }
  impl_->take_kept();
  return impl_->bind_each(port_name, port, [&](const net::Endpoint& at) -> Result<net::Endpoint> {
    if (os::UniqueFd socket = impl_->take_inherited(port_name, at))
      return impl_->listeners.emplace(port_name, net::Listener::adopt(impl_->loop, std::move(socket), accept))->second->local();
    SLUICE_TRY_VALUE(auto listener, impl_->bind(port_name, at, accept));
    return impl_->listeners.emplace(port_name, std::move(listener))->second->local();
  });
}

Result<> Daemon::listen_with(const std::string& port_name, std::uint16_t port,
                             const std::function<Result<net::Endpoint>(const net::Endpoint& at)>& bind) {
  return impl_->bind_each(port_name, port, [&](const net::Endpoint& at) -> Result<net::Endpoint> {
    SLUICE_TRY_VALUE(net::Endpoint bound, bind(at));
    return impl_->others.emplace(port_name, std::move(bound))->second;
  });
}

Result<> Daemon::unless_taken(const std::string& port_name, Result<> listening) const {
  if (listening || listening.error().code != Errc::unavailable) return listening;
  if (settings().origin(port_name + "-port") != "default") return listening;
  log::error("a way in is not served", {{"port", port_name}, listening.error()});
  return {};
}

void Daemon::inherit(const std::string& port_name, os::UniqueFd listening) { impl_->inherited.emplace(port_name, std::move(listening)); }

std::vector<Daemon::Listening> Daemon::listening() const {
  std::vector<Listening> all;
  for (const auto& [port, listener] : impl_->listeners)
    if (listener->fd() >= 0) all.push_back({port, listener->fd()});
  if (impl_->health_server)
    for (const int fd : impl_->health_server->listening()) all.push_back({"metrics", fd});
  if (impl_->control.fd() >= 0) all.push_back({"control", impl_->control.fd()});
  return all;
}

void Daemon::pause_accepting() {
  for (auto& [port, listener] : impl_->listeners) listener->pause();
}
void Daemon::resume_accepting() {
  for (auto& [port, listener] : impl_->listeners) listener->resume();
}

void Daemon::retire() {
  if (impl_->stage != Stage::draining) impl_->stage = Stage::retired;
  impl_->replaced = true;
  impl_->listeners.clear();
  impl_->others.clear();
  impl_->health_server.reset();
  impl_->control.retire();
}
bool Daemon::replaced() const { return impl_->replaced; }
bool Daemon::serving() const { return impl_->stage == Stage::ready; }

void Daemon::stop(std::string_view why) {
  if (impl_->stage != Stage::draining) impl_->stop_gently(why);
}
void Daemon::before_ready(std::function<Result<>()> act) { impl_->before_ready = std::move(act); }

void Daemon::await_ready() { impl_->awaits = true; }
void Daemon::be_ready() { impl_->be_ready(); }

void Daemon::on_drain(std::function<void(std::function<void()> done)> drain) { impl_->drain = std::move(drain); }
void Daemon::on_reload(std::function<Result<>(const Settings&)> reload) { impl_->reload = std::move(reload); }
void Daemon::read_again() { impl_->read_again(); }
void Daemon::on_health(std::function<std::vector<Health>()> check) { impl_->health = std::move(check); }
void Daemon::on_control(const std::string& command, std::function<std::string(const std::string&)> answer) {
  impl_->control.add(command, std::move(answer));
}

void Daemon::on_control(const std::string& command,
                        std::function<void(const std::string&, std::function<void(std::string)>)> answer) {
  impl_->control.add(command, std::move(answer));
}

void Daemon::fail(Error error) {
  impl_->failure = std::move(error);
  impl_->loop.stop();
}

Result<int> Daemon::run() {
  SLUICE_TRY(impl_->serve_health());
  SLUICE_TRY(impl_->serve_control());
  impl_->signals.emplace(impl_->loop, [this](int number) { impl_->on_signal(number); });
  SLUICE_TRY(impl_->before_ready());
  impl_->inherited.clear();  // of addresses that are listened at no more
  impl_->keep_listening();
  impl_->control.own_path();
  if (!impl_->awaits) impl_->loop.post([this] { impl_->be_ready(); });
  impl_->loop.run();
  if (impl_->failure) return std::unexpected(*impl_->failure);
  return exit_done;
}

}  // namespace sluice::app
