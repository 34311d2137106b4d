#pragma once
// Cheerers: with how many bits users have cheered in which channels, on this node: for badges and emotes.
// Read from the store at the start, and changed by what the event log tells.
#include <cstdint>
#include <unordered_map>

#include "chat/types.hpp"

namespace sluice::chat {

class Cheerers {
 public:
  void put(UserId user, ChannelId channel, std::int64_t bits) {
    ++changes_;
    if (bits > 0) {
      bits_[user][channel] = bits;
    } else if (const auto of = bits_.find(user); of != bits_.end()) {  // all were given back
      of->second.erase(channel);
      if (of->second.empty()) bits_.erase(of);
    }
  }
  std::int64_t find(UserId user, ChannelId channel) const {  // 0: with none
    const auto of = bits_.find(user);
    if (of == bits_.end()) return 0;
    const auto in = of->second.find(channel);
    return in == of->second.end() ? 0 : in->second;
  }
  using ByChannel = std::unordered_map<ChannelId, std::int64_t>;
  const ByChannel* of(UserId user) const {  // null: nowhere with any
    const auto found = bits_.find(user);
    return found == bits_.end() ? nullptr : &found->second;
  }
  std::uint64_t changes() const { return changes_; }

 private:
  std::unordered_map<UserId, ByChannel> bits_;
  std::uint64_t changes_ = 0;
};

}  // namespace sluice::chat
