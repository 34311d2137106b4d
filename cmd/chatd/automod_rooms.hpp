#pragma once
// AutomodRooms: how strict AutoMod is in each room and which words the room has, read from the store off the
// loop when a room's first message comes, and again at every event that changes them.
#include <functional>
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
  AutomodRooms(store::Store& store, net::Offload& offload, AutomodProcess& process)
      : store_(store), offload_(offload), process_(process) {}

  // At once when it is known; while it is read anew, after that, so that what follows the answer to who
  // changed it is judged by the change. What cannot be read is taken for the defaults, or for what it was,
  // and asked for again next time.
  void with(ChannelId channel, std::function<void(const Policy&)> then);
  void take(const store::Event& event);

 private:
  struct Read {
    platform::AutomodSettings settings;
    store::WordRules rules;
  };
  struct Room {
    bool known = false;
    std::size_t reads = 0;  // that are on their way
    Policy policy;
    std::vector<store::WordListId> lists;
    std::vector<std::function<void(const Policy&)>> waiting;
  };
  void read(ChannelId channel);
  void keep(ChannelId channel, Result<Read> found);

  store::Store& store_;
  net::Offload& offload_;
  AutomodProcess& process_;
  std::unordered_map<ChannelId, Room> rooms_;
};

}  // namespace sluice::chatd
