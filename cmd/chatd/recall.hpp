#pragma once
// Spoken: who has spoken in a room (sluice-chat(5), first and returning), read of the archive for one that
// this node has not listened to: nodes that share the file know it of each other.
#include <functional>
#include <map>
#include <vector>

#include "archivist.hpp"
#include "chat/rooms.hpp"
#include "net/loop.hpp"

namespace sluice::chatd {

class Spoken {
 public:
  // Both outlive it.
  Spoken(net::Loop& loop, chat::Rooms& rooms) : loop_(loop), rooms_(rooms) {}
  // Until then every room knows its speakers: nobody else writes this node's archive, and what it holds was
  // read at the start. `listens`: whether what is said on other nodes in the room comes in.
  void look_in(Archivist& archivist, std::function<bool(ChannelId)> listens);
  // `then` comes, at once or soon, when the open room knows who spoke: a disk that does not answer is waited
  // for no longer than a moment.
  void read(const chat::Channel& channel, std::function<void()> then);

 private:
  struct Waiting {
    explicit Waiting(net::Loop& loop) : patience(loop) {}
    net::Timer patience;
    std::vector<std::function<void()>> then;
  };
  void go_on(ChannelId channel);

  net::Loop& loop_;
  chat::Rooms& rooms_;
  Archivist* archivist_ = nullptr;
  std::function<bool(ChannelId)> listens_;
  std::map<ChannelId, Waiting> waiting_;
};

}  // namespace sluice::chatd
