#pragma once
// House: who is connected and which streams there are. The server lets publishers in and out of it; Estate hands it over to another process,
// Takeover fills it with what another hands over.
#include <map>
#include <memory>
#include <set>
#include <string>

#include "doorstep.hpp"
#include "gate.hpp"
#include "options.hpp"
#include "platform.hpp"
#include "refusals.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

using Streams = std::map<ChannelId, std::shared_ptr<Stream>>;

struct House {
  House(net::Loop& l, Config c, std::unique_ptr<Platform> p, std::shared_ptr<net::FolderWatch> f, std::string programs);
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void enter(const std::shared_ptr<Publisher>& publisher, const std::string& host);
  void leave(Publisher& publisher);
  bool serving() const { return !drained && !retired; }
  bool lets_in(ChannelId channel) const { return serving() || (!drained && returning.contains(channel)); }
  bool empty() const { return streams.empty() && publishers.empty(); }

  net::Loop& loop;
  Config config;
  std::unique_ptr<Platform> platform;
  std::shared_ptr<net::FolderWatch> folders;
  Doorstep doorstep;
  Refusals refusals;
  Surroundings around;  // of what is above
  Streams streams;
  std::set<std::shared_ptr<Publisher>> publishers;
  std::size_t asking = 0;          // keys asked of the platform, not answered
  std::set<ChannelId> beginning;   // streams asked of the platform, not answered
  Gate gate;
  bool open = false;               // the streams of earlier processes are here
  std::function<void()> drained;   // to be called when the last stream is over: this process stops
  // Of a process that was replaced:
  bool retired = false;
  bool heirless = false;           // its successor has died
  std::function<void(ChannelId)> over;  // a stream has ended that the successor knows of
  bool has_srt = false;            // SRT's port is this process's, replaced or not
  std::set<ChannelId> returning;   // streams that stay here as long as it is: their publishers come back by it
};

}  // namespace sluice::ingestd
