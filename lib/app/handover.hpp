#pragma once
// Replacing a daemon whose connections need not move. The process that is started with --take-over goes on with the listening sockets
// of the one that runs with the same --control SOCKET, which then answers what is under way and ends; who connects meanwhile waits in
// the kernel's queue. On SOCKET.handover, a packet each, sockets beside the text (os/packet_socket.hpp):
//
//   new → old  {"take_over":1}
//   old → new  {"refused":WHY}, or {"listening":PORT-NAME} with a socket for each, then {"complete":true}
//   new → old  {"ready":true}: the old one listens no more and drains. When the new one ends before that, nothing has changed.
#include <memory>
#include <string>

#include "app/daemon.hpp"
#include "os/packet_socket.hpp"

namespace sluice::app {

Option take_over_option();  // a row for the daemon's table

class Handover {
 public:
  // With --take-over, the sockets of the process that runs, if one does, are taken (blocks for seconds at most): before the daemon
  // listens. Without a control socket there is nothing to take over, and nobody can.
  static Result<std::unique_ptr<Handover>> prepare(Daemon& daemon);
  ~Handover();

 private:
  explicit Handover(Daemon& daemon);
  Result<> take();
  Result<> serve();
  void listen();
  void somebody_asks();
  void hear();
  Result<> offer() const;

  Daemon& daemon_;
  std::string path_;
  os::PacketSocket from_;        // the process that runs, until this one is ready
  os::PacketSocket door_, to_;   // where a successor asks, and the one that did
  bool offered_ = false;         // to that one
  std::unique_ptr<net::FdWatch> asks_, hears_;
  net::Timer rest_;
};

}  // namespace sluice::app
