#pragma once
// What stood around a moderator's act when it was done: kept with it in the audit log, for `modctl audit
// explain`.
#include <string>
#include <string_view>

#include "chat/room.hpp"

namespace sluice::chat {

// One JSON object: the room's settings, and the last messages of `login`, or of everybody when it is empty:
// {"settings":{…},"messages":[{"id":…,"at":MS,"login":…,"text":…},…]}, oldest first, 20 at most.
std::string act_context(const Room& room, std::string_view login);

}  // namespace sluice::chat
