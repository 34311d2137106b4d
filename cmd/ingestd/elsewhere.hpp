#pragma once
// Elsewhere: the channels whose streams processes before this one keep (handover.hpp): nobody else may publish in them, and what is told of them
// is as old as the last beat. A process is told from others by its link, whatever that is.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "house.hpp"
#include "net/loop.hpp"

namespace sluice::ingestd {

class Elsewhere {
 public:
  explicit Elsewhere(House& house) : house_(house) {}

  // A process keeps a stream, `about` it a row {"channel","name","stream"}, with "row" and "lines" as of a beat where they are known; `tell` says something to that process.
  void keep(const std::string& about, const void* link, std::function<void(const std::string&)> tell);
  std::vector<std::string> kept_by(const void* link) const;  // the same rows
  void heard(const std::string& beat);

  bool has(ChannelId channel) const { return others_.contains(channel); }
  // Whether the publisher there is alive: a process that does not say so in time is busy.
  void ask(ChannelId channel, std::function<void(bool busy)> answered);
  void answered(ChannelId channel, bool busy);  // not busy: the stream is not there any more
  // {"ok":…} as the control socket answers; nothing: no channel of that name is there.
  std::optional<std::string> kick(const std::string& name);
  // Whether that was asked of the channel's stream, which comes here instead.
  bool kicked(ChannelId channel) const;

  struct Lost {
    std::size_t streams = 0;
    std::vector<std::function<void(bool busy)>> waiting;
  };
  Lost lose(const void* link);  // that process has ended
  void clear() { others_.clear(); }

  std::set<StreamId> streams() const;
  std::vector<std::string> rows() const;   // JSON, as the other process describes each; empty while it is not known
  std::vector<std::string> lines() const;  // the same for people

 private:
  struct Other {
    const void* link = nullptr;
    std::function<void(const std::string&)> tell;
    std::string name;
    StreamId stream;
    bool kicked = false;
    std::shared_ptr<Presence> presence = std::make_shared<Presence>();
    std::string row;
    std::vector<std::string> lines;
    std::vector<std::function<void(bool busy)>> waiting;
    std::unique_ptr<net::Timer> limit;
  };

  House& house_;
  std::map<ChannelId, Other> others_;
};

}  // namespace sluice::ingestd
