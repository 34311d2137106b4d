#include "app/daemon.hpp"
#include "app/run.hpp"
#include "log/log.hpp"
#include "os/file.hpp"
#include "predecessor.hpp"
#include "server.hpp"
#include "succession.hpp"

using namespace sluice;

namespace {

// A second ingestd of this name would take the first one's streams for its own.
Result<> be_alone(const ingestd::Config& config, std::optional<os::FileLock>& alone) {
  if (config.directory.empty() || !config.key_file.empty()) return {};
  SLUICE_TRY(os::make_directories(config.directory + "/run"));
  auto lock = os::FileLock::try_lock(config.directory + "/run/ingestd." + config.node + ".lock");
  if (!lock)
    return fail(Errc::unavailable, "another ingestd runs as " + config.node, "stop it, replace it with --take-over, or give --node another name");
  alone = std::move(*lock);
  return {};
}

Result<int> run(const app::Settings& settings) {
  SLUICE_TRY_VALUE(const ingestd::Config config, ingestd::configure(settings));
  // What cannot be had now every publisher would be refused for.
  for (const std::string& folder : {config.ledgers, config.live})
    if (!folder.empty()) SLUICE_TRY(os::make_directories(folder));
  std::optional<os::FileLock> alone;
  if (!config.take_over) SLUICE_TRY(be_alone(config, alone));

  app::Daemon daemon(settings, "ingestd");
  SLUICE_TRY_VALUE(auto folders, net::FolderWatch::open(daemon.loop()));
  SLUICE_TRY_VALUE(auto platform, config.key_file.empty() ? ingestd::store_platform(daemon.loop(), config)
                                                          : ingestd::key_file_platform(daemon.loop(), config));
  ingestd::Server server(daemon.loop(), config, std::move(platform), std::move(folders));

  daemon.on_drain([&server](std::function<void()> done) {
    server.read_together(false);  // what has come is taken before anybody is sent away
    server.drain(std::move(done));
  });
  daemon.on_health([&server] { return server.health(); });
  daemon.on_control("streams", [&server](const std::string&) { return server.streams_json(); });
  daemon.on_control("summary", [&server](const std::string&) { return server.summary_json(); });
  daemon.on_control("renew_pipelines", [&server](const std::string&) { return server.renew_pipelines(); });
  daemon.on_control("renewal", [&server](const std::string&) { return server.renewal_json(); });
  daemon.on_control("reloaded", [&server](const std::string&) { return server.reloaded_json(); });
  daemon.on_control("kick", [&server](const std::string& request) { return server.kick(request); });

  SLUICE_TRY_VALUE(const bool encrypted, server.load_certificate());
  std::unique_ptr<ingestd::Predecessor> predecessor;
  if (config.take_over) {
    SLUICE_TRY_VALUE(predecessor, ingestd::Predecessor::ask(daemon, server, config));
    if (predecessor) {
      alone = predecessor->take_lock();
    } else {
      log::info("no ingestd runs there: there is nothing to take over", {{"control", config.control}});
      SLUICE_TRY(be_alone(config, alone));
    }
  }
  ingestd::Succession succession(daemon, server, alone, predecessor);
  daemon.on_reload([&server, &succession](const app::Settings& fresh) -> Result<> {
    // The one that takes over has read its configuration already: what is changed here now would end with this process.
    if (succession.under_way()) return fail(Errc::unavailable, "ingestd is just being replaced", "try again");
    SLUICE_TRY_VALUE(const ingestd::Config changed, ingestd::configure(fresh));
    return server.reload(changed);
  });

  SLUICE_TRY(daemon.listen("rtmp", config.port, [&server](os::UniqueFd socket, net::Endpoint peer) {
    server.connected(std::move(socket), std::move(peer), false);
  }));
  if (encrypted)
    SLUICE_TRY(daemon.unless_taken("rtmps", daemon.listen("rtmps", config.rtmps_port, [&server](os::UniqueFd socket, net::Endpoint peer) {
      server.connected(std::move(socket), std::move(peer), true);
    })));
  const auto listen_srt = [&] {
    return daemon.unless_taken("srt", daemon.listen_with("srt", config.srt_port, [&server](const net::Endpoint& at) { return server.listen_srt(at); }));
  };
  if (predecessor) {
    predecessor->on_srt_free([&] {
      if (const auto listening = listen_srt(); !listening) log::error("a way in is not served", {{"port", "srt"}, listening.error()});
    });
  } else {
    SLUICE_TRY(listen_srt());
    server.take_back();
  }
  daemon.before_ready([&]() -> Result<> {
    if (predecessor) {
      SLUICE_TRY(predecessor->commit());
      server.replaced();
      daemon.read_again();  // the other one may have read it again since this one did, until it was asked
    }
    if (config.control.empty()) return {};
    if (const auto listening = succession.listen(predecessor ? predecessor->take_door() : os::UniqueFd()); !listening)
      log::error("this process cannot be replaced while it serves", {listening.error()});
    return {};
  });
  return daemon.run();
}

}  // namespace

int main(int argc, char** argv) { return app::run_main(argc, argv, ingestd::program(), run); }
