#pragma once
// A message's id: a hash of room, user and idempotency key, so that every node knows a repeat (decision 20);
// without a key, what nobody else has.
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/random.hpp"

namespace sluice::chat {

// 128 bits in the form of a UUID, as clients of the dialect expect.
std::string message_id(ChannelId channel, UserId user, std::string_view key);

// RFC 9562, 5.7 (version 7): the time to the millisecond, then 74 random bits. Those of a while stand
// together in the archive's index, which then grows at its end.
std::string message_id(Wall at, Random& random);

}  // namespace sluice::chat
