#include "nodes/own_lines.hpp"

namespace sluice::nodes {

void OwnLines::add(const chat::MessagePtr& message) {
  rooms_[message->channel].push_back(message);
  order_.push_back(message->channel);
  if (order_.size() <= most_) return;
  const auto oldest = rooms_.find(order_.front());
  order_.pop_front();
  oldest->second.pop_front();
  if (oldest->second.empty()) rooms_.erase(oldest);
}

std::uint64_t OwnLines::first(ChannelId channel) const {
  const auto room = rooms_.find(channel);
  return room == rooms_.end() ? 0 : room->second.front()->seq;
}

chat::MessagePtr OwnLines::find(ChannelId channel, std::uint64_t seq) const {
  const auto room = rooms_.find(channel);
  if (room == rooms_.end()) return nullptr;
  const auto& lines = room->second;  // numbers without a hole
  const std::uint64_t first = lines.front()->seq;
  return seq < first || seq - first >= lines.size() ? nullptr : lines[seq - first];
}

}  // namespace sluice::nodes
