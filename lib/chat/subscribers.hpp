#pragma once
// Subscribers: who supports which channels of the platform, on this node: for roles in a room, and for emotes
// wherever one chats. Read from the store at the start, and changed by what the event log tells.
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "chat/types.hpp"

namespace sluice::chat {

struct Support {
  ChannelId channel;
  int tier = 1;             // 1–3
  std::int64_t months = 1;  // of all that the user ever subscribed
  Wall until;
  bool founder = false;
};

class Subscribers {
 public:
  void put(UserId user, const Support& support);  // in place of what there was
  void end(UserId user, ChannelId channel);
  const Support* find(UserId user, ChannelId channel) const;  // null: not subscribed
  std::span<const Support> of(UserId user) const;             // by channel
  void forget_lapsed(Wall now);                               // every few seconds: time ends them, too
  std::size_t users() const { return supports_.size(); }
  std::uint64_t changes() const { return changes_; }

 private:
  std::unordered_map<UserId, std::vector<Support>> supports_;
  std::uint64_t changes_ = 0;
};

}  // namespace sluice::chat
