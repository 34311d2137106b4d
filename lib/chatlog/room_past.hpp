#pragma once
// RoomPast: what a room that opens is told of its archive: the last that was said, and who ever spoke.
#include <vector>

#include "chatlog/archive.hpp"

namespace sluice::chatlog {

struct RoomPast {
  std::vector<Kept> messages;  // oldest first, as many as a history holds
  bool whole = true;           // there are no others
  std::vector<Spoke> speakers;
  chat::Seen heads;  // of runs whose messages are not here, too: pages that heard them all missed nothing
};

bool covers(const TakenOff& taken, const chat::Message& message);  // of the same channel

// Blocks.
Result<RoomPast> read_past(Archive& archive, ChannelId channel, Wall now);

}  // namespace sluice::chatlog
