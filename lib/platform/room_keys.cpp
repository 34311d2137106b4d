#include "platform/room_keys.hpp"

#include <fmt/format.h>

namespace sluice::platform {

RoomKey evasion_key(const EvasionSettings& evasion) {
  return {"ban-evasion", std::string(name(evasion.action))};
}

std::vector<RoomKey> room_keys(const RoomSettings& modes, const AutomodSettings& automod) {
  const auto flag = [](bool on) { return std::string(on ? "on" : "off"); };
  return {{"slow", modes.slow == 0 ? "off" : fmt::format("{}s", modes.slow)},
          {"followers-only", modes.followers_only < 0 ? "off" : fmt::format("{}m", modes.followers_only)},
          {"subs-only", flag(modes.subs_only)},
          {"emote-only", flag(modes.emote_only)},
          {"unique", flag(modes.unique)},
          {"automod-level", std::to_string(automod.level)},
          {"automod-at-deadline", std::string(name(automod.at_deadline))}};
}

}  // namespace sluice::platform
