#pragma once
// What a channel's chat is set to, as people read and type it: modctl settings, and /settings in chat.
#include <string>
#include <vector>

#include "platform/ban_evasion.hpp"
#include "platform/room_settings.hpp"

namespace sluice::platform {

struct RoomKey {
  std::string key, value;
  bool operator==(const RoomKey&) const = default;
};
std::vector<RoomKey> room_keys(const RoomSettings& modes, const AutomodSettings& automod);
RoomKey evasion_key(const EvasionSettings& evasion);

}  // namespace sluice::platform
