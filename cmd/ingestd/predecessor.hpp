#pragma once
// Predecessor: the new process's side of a handover (handover.hpp): asks the old process, takes what it hands over, and keeps the link while the
// old one drains. Elder ones come with it: their links were the old process's.
#include <functional>
#include <list>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "app/daemon.hpp"
#include "estate.hpp"
#include "net/packet_link.hpp"
#include "os/file.hpp"
#include "os/packet_socket.hpp"
#include "server.hpp"
#include "takeover.hpp"

namespace sluice::ingestd {

class Predecessor {
 public:
  // Asks and waits, for as long as the old one's pipelines take to end, until everything has been restored into `server` and the sockets are
  // the daemon's to use; the loop must not run before commit(). Null: no process listens. All outlive it.
  static Result<std::unique_ptr<Predecessor>> ask(app::Daemon& daemon, Server& server, const Config& config);
  ~Predecessor();

  std::optional<os::FileLock> take_lock() { return std::move(lock_); }
  os::UniqueFd take_door() { return std::move(door_); }
  // Nothing was ours before, all of it is after. An error: the old process goes on.
  Result<> commit();
  // For the next handover: each old process's link, with what it keeps. Nothing is heard of them until thaw(), or any more.
  std::vector<Moving> freeze();
  void thaw();
  void hand_over() { links_.clear(); }
  // When SRT's port may be bound: once, after commit(), on the loop.
  void on_srt_free(std::function<void()> free) { srt_free_ = std::move(free); }

 private:
  // To an old process, of which several may drain at once.
  struct Link {
    os::PacketSocket socket;               // until commit()
    std::unique_ptr<net::PacketLink> open;  // from then on
    bool srt = true;                       // it still has the port
  };
  Predecessor(app::Daemon& daemon, Server& server)
      : daemon_(daemon), server_(server), takeover_(server.house(), server.door()) {}
  void say(const nlohmann::json& what) const;  // to the process that was asked
  Result<bool> receive();  // true: that was all
  Result<> inherit(os::PacketMessage& message);
  void keep(Link& link, const std::string& about);
  void watch(Link& link);
  void hear(Link& link, os::PacketMessage& message);
  Result<> take(os::PacketMessage& message);
  void lose(Link& link, const std::string& why);
  void srt_may_be_free();

  app::Daemon& daemon_;
  Server& server_;
  Takeover takeover_;
  std::list<Link> links_;  // the process that was asked is the first
  std::optional<os::FileLock> lock_;
  os::UniqueFd door_, asked_;  // asked_: readable when the process that was asked has ended
  std::function<void()> srt_free_ = [] {};
};

}  // namespace sluice::ingestd
