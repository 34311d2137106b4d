#pragma once
// OwnLines: what this node said last, in all rooms, for nodes that missed it: more of a busy room than its
// history holds.
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "chat/types.hpp"

namespace sluice::nodes {

class OwnLines {
 public:
  explicit OwnLines(std::size_t most = 20'000) : most_(most) {}

  void add(const chat::MessagePtr& message);
  std::uint64_t first(ChannelId channel) const;  // the oldest number; 0: none
  chat::MessagePtr find(ChannelId channel, std::uint64_t seq) const;

 private:
  std::size_t most_;
  std::deque<ChannelId> order_;
  std::unordered_map<ChannelId, std::deque<chat::MessagePtr>> rooms_;
};

}  // namespace sluice::nodes
