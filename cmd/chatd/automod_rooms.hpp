#pragma once
// AutomodRooms: how strict AutoMod is in each room and which words the room has, read from the store off the
// loop when a room's first message comes, and again at every event that changes them.
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "automod_process.hpp"
#include "chat/types.hpp"
#include "net/loop.hpp"
#include "store/store.hpp"

namespace sluice::chatd {

class AutomodRooms {
 public:
  struct Policy {
    platform::AutomodSettings settings;
    std::string words;  // the name of their definition; empty: none
  };
  // All outlive it.
  AutomodRooms(net::Loop& loop, store::Store& store, net::Offload& offload, AutomodProcess& process)
      : store_(store), offload_(offload), process_(process), overdue_(loop) {}

  // At once when it is known. While it is read anew because the room has changed it, after that, so that what
  // follows the answer to who changed it is judged by the change; but after half of AutoMod's deadline what
  // it was holds on, and so it does while a list that channels share is read anew. What cannot be read is
  // taken for the defaults, or for what it was, and asked for again with a message from a second later on.
  void with(ChannelId channel, std::function<void(const Policy&)> then);
  void take(const store::Event& event);

 private:
  struct Read {
    platform::AutomodSettings settings;
    store::WordRules rules;
  };
  struct Waiting {
    Steady due;
    std::function<void(const Policy&)> then;
  };
  struct Room {
    bool known = false;
    bool reading = false, again = false;  // once more, since it has changed meanwhile
    bool changed = false;                 // by the room itself: its messages wait for it
    std::optional<Steady> retry;          // it could not be read: not before then
    Policy policy;
    std::vector<store::WordListId> lists;
    std::vector<Waiting> waiting;
  };
  void read(ChannelId channel);
  void keep(ChannelId channel, Result<Read> found);
  void take(Room& room, ChannelId channel, Read found);
  void let_go();

  store::Store& store_;
  net::Offload& offload_;
  AutomodProcess& process_;
  std::unordered_map<ChannelId, Room> rooms_;
  net::Timer overdue_;
};

}  // namespace sluice::chatd
