#pragma once
// What events of moderation (sluice-events(5)) mean: to a room that is open on this node, and to what is kept
// of what was said.
#include <optional>
#include <string>
#include <string_view>

#include "chat/room.hpp"
#include "chatlog/archive.hpp"
#include "store/events.hpp"

namespace sluice::chatd {

// Changes the room and tells who is in it. False: the event is none of moderation's.
bool apply_to_room(const store::Event& event, chat::Room& room);

// The act that it tells of, as twitch_moderation_actions_total has it; empty: none of a moderator's.
std::string_view act_of(const store::Event& event);

// What it takes off the screens, if anything.
std::optional<chatlog::TakenOff> taken_off_by(const store::Event& event);

}  // namespace sluice::chatd
