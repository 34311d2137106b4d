#pragma once
// A daemon's listening sockets, kept open by another process (cmd/keep-sockets) beside it: who connects while the daemon is dead, or is being
// started again, waits in the kernel's queue instead of being refused. `sluice up` runs that process and names its socket to the daemons in
// SLUICE_SOCKETS; systemd does the same with socket activation. On that socket, a packet each (os/packet_socket.hpp):
//
//   daemon → keeper  take NAME     keeper → daemon  PORT-NAME with its sockets, for each; then "."    they are the daemon's now
//   daemon → keeper  keep NAME, then PORT-NAME with its sockets, for each, until the daemon closes    in place of what was kept under NAME
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "os/packet_socket.hpp"

namespace sluice::app {

using NamedSockets = std::multimap<std::string, os::UniqueFd>;  // by the port's name: "rtmp"

// The daemon's side. Neither waits longer than a second in all; `path` is the keeper's socket. Errc::unavailable when nobody keeps any.
Result<NamedSockets> take_kept_sockets(const std::string& path, std::string_view name);
Result<> keep_sockets(const std::string& path, std::string_view name, const std::multimap<std::string, int>& sockets);

// The keeper's.
class SocketKeeper {
 public:
  // Sees to one daemon that has connected; waits for each of its packets for a second at most.
  Result<> serve(const os::PacketSocket& daemon);

 private:
  Result<> give(const os::PacketSocket& daemon, const std::string& name);
  Result<> keep(const os::PacketSocket& daemon, const std::string& name);

  std::map<std::string, NamedSockets> kept_;  // by the daemon's name
};

}  // namespace sluice::app
