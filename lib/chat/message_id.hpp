#pragma once
// A message's id: a hash of room, user and idempotency key, so that every node knows a repeat (decision 20).
#include <string>
#include <string_view>

#include "base/ids.hpp"

namespace sluice::chat {

// 128 bits in the form of a UUID, as clients of the dialect expect.
std::string message_id(ChannelId channel, UserId user, std::string_view key);

}  // namespace sluice::chat
