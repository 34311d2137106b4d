#pragma once
// PacketLink: an os::PacketSocket on a Loop. Nothing here waits for the other process: what it does not take at once stands in line, and when it
// has taken nothing for its patience it is lost, as one that has closed is.
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/loop.hpp"
#include "os/packet_socket.hpp"

namespace sluice::net {

class PacketLink {
 public:
  // Called on the loop, never from inside send(); the link may be destroyed in the call.
  struct Handler {
    std::function<void(os::PacketMessage& message)> message;
    std::function<void(const std::string& why)> lost;  // once, last
    std::function<void()> room = [] {};                // the line has become empty
  };
  PacketLink(Loop& loop, os::PacketSocket socket, std::chrono::milliseconds patience, Handler handler);
  ~PacketLink();

  // `fds` are borrowed for the call. To one that is lost nothing is sent.
  void send(std::string_view text, std::span<const int> fds = {});
  bool free() const;  // nothing stands in line
  void pause();       // hears nothing until resume(), of its loss neither
  void resume();
  int fd() const;     // borrowed

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
