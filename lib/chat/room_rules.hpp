#pragma once
// What a room's settings refuse.
#include <optional>
#include <string_view>
#include <vector>

#include "chat/refusal.hpp"
#include "chat/room.hpp"

namespace sluice::chat {

// Modes that look at who speaks and what is said; slow mode is SendLimits'. Broadcaster, moderators and VIPs
// are exempt.
std::optional<Refusal> refused_by_settings(const Room& room, UserId author, const Roles& roles,
                                           std::string_view text, const std::vector<EmoteUse>& emotes,
                                           Wall now);

}  // namespace sluice::chat
