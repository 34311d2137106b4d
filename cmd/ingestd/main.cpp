#include "app/daemon.hpp"
#include "app/run.hpp"
#include "log/log.hpp"
#include "os/file.hpp"
#include "server.hpp"

using namespace sluice;

namespace {

// A port that nobody asked for by name need not be had: RTMP is served without it.
Result<> unless_taken(const app::Daemon& daemon, const std::string& port_name, Result<> listening) {
  if (listening || listening.error().code != Errc::unavailable) return listening;
  if (daemon.settings().origin(port_name + "-port") != "default") return listening;
  log::error("a way in is not served", {{"port", port_name}, listening.error()});
  return {};
}

Result<int> run(const app::Settings& settings) {
  SLUICE_TRY_VALUE(const ingestd::Config config, ingestd::configure(settings));
  std::optional<os::FileLock> alone;
  if (!config.directory.empty() && config.key_file.empty()) {
    SLUICE_TRY(os::make_directories(config.directory + "/run"));
    // A second ingestd of this name would take the first one's streams for its own.
    auto lock = os::FileLock::try_lock(config.directory + "/run/ingestd." + config.node + ".lock");
    if (!lock) return fail(Errc::unavailable, "another ingestd runs as " + config.node, "stop it, or give --node another name");
    alone = std::move(*lock);
  }

  app::Daemon daemon(settings, "ingestd");
  SLUICE_TRY_VALUE(auto folders, ingestd::FolderWatch::open(daemon.loop()));
  SLUICE_TRY_VALUE(auto platform, config.key_file.empty() ? ingestd::store_platform(daemon.loop(), config)
                                                          : ingestd::key_file_platform(daemon.loop(), config));
  ingestd::Server server(daemon.loop(), config, std::move(platform), std::move(folders));

  daemon.on_drain([&server](std::function<void()> done) { server.drain(std::move(done)); });
  daemon.on_reload([&server](const app::Settings& fresh) -> Result<> {
    SLUICE_TRY_VALUE(const ingestd::Config changed, ingestd::configure(fresh));
    return server.reload(changed);
  });
  daemon.on_health([&server] {
    const Steady began = system_clock().steady();
    const auto checked = server.platform().check();
    const std::chrono::duration<double, std::milli> took = system_clock().steady() - began;
    std::vector<app::Health> all{{"store", checked.has_value(), took.count(), checked ? "" : to_string(checked.error())}};
    if (!server.hears_srt()) all.push_back({"srt", false, 0, "its sockets cannot be polled"});
    return all;
  });
  daemon.on_control("streams", [&server](const std::string&) { return server.streams_json(); });
  daemon.on_control("summary", [&server](const std::string&) { return server.summary_json(); });
  daemon.on_control("kick", [&server](const std::string& request) { return server.kick(request); });

  SLUICE_TRY(daemon.listen("rtmp", config.port, [&server](os::UniqueFd socket, net::Endpoint peer) {
    server.connected(std::move(socket), std::move(peer), false);
  }));
  SLUICE_TRY_VALUE(const bool encrypted, server.load_certificate());
  if (encrypted)
    SLUICE_TRY(unless_taken(daemon, "rtmps", daemon.listen("rtmps", config.rtmps_port, [&server](os::UniqueFd socket, net::Endpoint peer) {
      server.connected(std::move(socket), std::move(peer), true);
    })));
  SLUICE_TRY(unless_taken(daemon, "srt", daemon.listen_with("srt", config.srt_port, [&server](const net::Endpoint& at) { return server.listen_srt(at); })));
  server.take_back();
  return daemon.run();
}

}  // namespace

int main(int argc, char** argv) { return app::run_main(argc, argv, ingestd::program(), run); }
