#pragma once
// Succession: the old process's side of a handover (handover.hpp). It waits for one that asks, lets the server come to rest, hands over what
// can move, and afterwards keeps the link to its successor until what could not move has ended.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/daemon.hpp"
#include "estate.hpp"
#include "net/packet_link.hpp"
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
  bool under_way() const { return state_ != State::waiting && state_ != State::retired; }

 private:
  enum class State {
    waiting,
    asked,
    preparing,  // the successor reads ledgers
    admitting,  // those who are half way in get through, or had their time; all goes on as ever
    settling,   // pipelines end
    offered,    // everything is frozen
    given,      // and may be the successor's
    retired,
  };
  void somebody_asks();
  void hear(const os::PacketMessage& message);
  void hear_heir(const std::string& text);       // afterwards
  void begin(const os::PacketMessage& message);
  void prepared();
  void admit();
  void settle();
  void offer();
  void offer_more();
  void give();
  void retire();
  void retired_tick();
  void call_off(const std::string& why, const std::string& hint = "");
  void forget_link();
  void tell(const std::string& text) {
    if (link_) link_->send(text);
  }
  void lose_link(const std::string& why);

  app::Daemon& daemon_;
  Server& server_;
  Estate estate_;
  std::optional<os::FileLock>& alone_;
  std::unique_ptr<Predecessor>& predecessor_;
  os::PacketSocket listening_;
  std::unique_ptr<net::FdWatch> asks_;
  std::unique_ptr<net::PacketLink> link_;
  net::Timer timer_, limit_, rest_;
  State state_ = State::waiting;
  Steady since_{};
  std::vector<Moving> moving_;  // what is offered
  std::size_t offered_ = 0;     // of it
  unsigned ticks_ = 0;
  bool srt_told_ = false;
};

}  // namespace sluice::ingestd
