#include "platform/room_settings.hpp"

#include <fmt/format.h>

namespace sluice::platform {

namespace {
// Helix takes slow mode from 3 s; IRC's /slow takes any, and Twitch's own rooms have had 1.
constexpr std::int64_t longest_slow = 120;
constexpr std::int64_t longest_following = 129'600;  // 90 days
constexpr std::int64_t strictest_level = 4;

Result<> check_range(std::string_view setting, std::int64_t value, std::int64_t least, std::int64_t most,
                     std::string_view hint) {
  if (value >= least && value <= most) return {};
  return fail(Errc::invalid, fmt::format("{} cannot be {}", setting, value), std::string(hint));
}
}  // namespace

Result<RoomSettings> apply(const RoomSettingsPatch& patch, RoomSettings settings) {
  if (patch.emote_only) settings.emote_only = *patch.emote_only;
  if (patch.unique) settings.unique = *patch.unique;
  if (patch.subs_only) settings.subs_only = *patch.subs_only;
  if (patch.followers_only) {
    SLUICE_TRY(check_range("followers_only", *patch.followers_only, -1, longest_following,
                           fmt::format("0 to {} minutes of following, or -1 for off", longest_following)));
    settings.followers_only = static_cast<std::int32_t>(*patch.followers_only);
  }
  if (patch.slow) {
    SLUICE_TRY(check_range("slow", *patch.slow, 0, longest_slow,
                           fmt::format("1 to {} seconds between messages, or 0 for off", longest_slow)));
    settings.slow = static_cast<std::uint32_t>(*patch.slow);
  }
  return settings;
}

std::string_view name(AtDeadline at_deadline) {
  return at_deadline == AtDeadline::hold ? "hold" : "allow";
}

Result<AtDeadline> parse_at_deadline(std::string_view typed) {
  for (AtDeadline known : {AtDeadline::hold, AtDeadline::allow})
    if (typed == name(known)) return known;
  return fail(Errc::invalid, fmt::format("at_deadline cannot be \"{}\"", typed), "hold or allow");
}

Result<AutomodSettings> apply(const AutomodPatch& patch, AutomodSettings settings) {
  if (patch.level) {
    SLUICE_TRY(check_range("level", *patch.level, 0, strictest_level,
                           fmt::format("0 (lets most pass) to {} (strictest)", strictest_level)));
    settings.level = static_cast<int>(*patch.level);
  }
  if (patch.at_deadline) settings.at_deadline = *patch.at_deadline;
  return settings;
}

}  // namespace sluice::platform
