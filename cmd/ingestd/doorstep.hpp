#pragma once
// Doorstep: how full the house is and who is in, for the loop and for SRT's handshakes, which are answered on another thread.
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/ids.hpp"
#include "options.hpp"
#include "publisher.hpp"

namespace sluice::ingestd {

class Doorstep {
 public:
  explicit Doorstep(const Limits& limits) : limits_(limits) {}

  void set(const Limits& limits);
  void close();  // nobody is let in any more, but who is expected
  bool closed() const;
  void expect(std::set<ChannelId> channels);
  bool expects() const;  // anybody
  bool expects(ChannelId channel) const;

  // Which limit is reached for a connection from that host: "connections" or "address"; null: there is room.
  const char* full(const std::string& host) const;
  void entered(const std::string& host);
  void left(const std::string& host);
  std::size_t connections() const;

  void publishes(ChannelId channel, std::shared_ptr<const Presence> presence);
  // Whether the channel's publisher is there, and not so silent that its place may be taken.
  bool taken(ChannelId channel) const;

 private:
  mutable std::mutex mutex_;
  Limits limits_;
  bool closed_ = false;
  std::set<ChannelId> expected_;
  std::size_t connections_ = 0;
  std::map<std::string, std::size_t> addresses_;
  std::map<ChannelId, std::shared_ptr<const Presence>> present_;
};

}  // namespace sluice::ingestd
