#pragma once
// Succession: the old process's side of a handover (handover.hpp). It waits for one that asks, lets the server come to rest, hands over what
// can move, and afterwards keeps the link to its successor until what could not move has ended.
#include <functional>
#include <memory>
#include <optional>

#include "app/daemon.hpp"
#include "os/file.hpp"
#include "os/packet_socket.hpp"
#include "predecessor.hpp"
#include "server.hpp"

namespace sluice::ingestd {

class Succession {
 public:
  // All outlive it. `alone` is given up with the rest; `predecessor`, null where there was none, is passed on.
  Succession(app::Daemon& daemon, Server& server, std::optional<os::FileLock>& alone, std::unique_ptr<Predecessor>& predecessor);
  ~Succession();
  // `inherited`: the predecessor's listening socket, or none.
  Result<> listen(os::UniqueFd inherited);

 private:
  enum class State { waiting, asked, preparing, settling, offered, retired };
  void somebody_asks();
  void heard();                                  // something from the other side
  void hear(const os::PacketMessage& message);
  void begin(const os::PacketMessage& message);
  void come_to_rest();
  void settle();
  Result<> offer();                              // everything, frozen
  void yours();
  void call_off(const std::string& why, const std::string& hint = "");
  void refuse(const std::string& why, const std::string& hint);
  void retired_tick();
  Result<> tell(const std::string& text, std::span<const int> fds = {});
  void lose_link(std::string_view why);

  app::Daemon& daemon_;
  Server& server_;
  std::optional<os::FileLock>& alone_;
  std::unique_ptr<Predecessor>& predecessor_;
  os::PacketSocket listening_, link_;
  std::unique_ptr<net::FdWatch> asks_, hears_;
  net::Timer timer_, limit_;
  State state_ = State::waiting;
  Steady since_{};
  unsigned ticks_ = 0;
  bool srt_told_ = false;
};

}  // namespace sluice::ingestd
