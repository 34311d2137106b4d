#pragma once
// The settings of a channel's chat as somebody types them: KEY=VALUE, of the keys that platform::room_keys()
// tells.
#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/ban_evasion.hpp"
#include "platform/room_settings.hpp"

namespace sluice::modctl {

struct RoomPatch {
  platform::RoomSettingsPatch modes;
  platform::AutomodPatch automod;
  platform::EvasionPatch evasion;
  bool has_modes = false, has_automod = false, has_evasion = false;
};

// Errc::usage for a key or value that there is not, or a key that stands twice. slow is in seconds and
// followers-only in minutes where no unit stands; "on" is 30 s and any follower, as /slow and /followers
// alone.
Result<RoomPatch> parse_room_keys(const std::vector<std::string>& typed);

}  // namespace sluice::modctl
