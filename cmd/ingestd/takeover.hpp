#pragma once
// Takeover: makes streams and connections of what another process hands over (handover.hpp). Predecessor says what comes.
#include <map>
#include <memory>
#include <string>

#include "house.hpp"
#include "os/packet_socket.hpp"

namespace sluice::ingestd {

class Takeover {
 public:
  // `door` is that of publishers.
  Takeover(House& house, Door door) : house_(house), door_(std::move(door)) {}

  void read_ahead(const std::string& stream);  // it is coming
  // A stream, with its publisher where there is a socket, or a connection that does not publish yet. Nothing happens to it before the loop runs.
  Result<> take(const std::string& about, const os::MappedBytes& state, os::UniqueFd socket);
  void complete() { read_ahead_.clear(); }

 private:
  House& house_;
  const Door door_;
  std::map<std::string, std::unique_ptr<hls::LedgerReader>> read_ahead_;  // of streams that are coming
};

}  // namespace sluice::ingestd
