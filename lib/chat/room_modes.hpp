#pragma once
// A room's modes: what a slash command changes of them, and how a change is told.
#include <optional>
#include <vector>

#include "chat/notice.hpp"
#include "chat/slash_command.hpp"
#include "platform/room_settings.hpp"

namespace sluice::chat {

// What /slow, /followersoff and their like ask for.
platform::RoomSettingsPatch mode_patch(const SlashCommand& command);
// What a room is told of a change, one notice for each mode; nothing for no change.
std::vector<Notice> mode_notices(const platform::RoomSettings& before, const platform::RoomSettings& after);
// What the asker is told when the room was in that mode already.
Notice already(const SlashCommand& command, const platform::RoomSettings& settings);

}  // namespace sluice::chat
