#pragma once
// What a channel's chat room is set to: its modes, as ROOMSTATE and Helix' chat settings have them, and how
// strict AutoMod is in it.
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace sluice::platform {

struct RoomSettings {
  bool emote_only = false;
  std::int32_t followers_only = -1;  // minutes of following, 0–129'600; -1: off
  bool unique = false;               // r9k
  std::uint32_t slow = 0;            // seconds between a user's messages, 1–120; 0: off
  bool subs_only = false;
  bool operator==(const RoomSettings&) const = default;
};

// What is to be otherwise. Numbers are as somebody typed them: apply() checks their ranges.
struct RoomSettingsPatch {
  std::optional<bool> emote_only;
  std::optional<std::int64_t> followers_only;
  std::optional<bool> unique;
  std::optional<std::int64_t> slow;
  std::optional<bool> subs_only;
};

// Errc::invalid naming the setting and its range.
Result<RoomSettings> apply(const RoomSettingsPatch& patch, RoomSettings settings);

// What becomes of a message that AutoMod has not judged when its deadline is over.
enum class AtDeadline { hold, allow };
std::string_view name(AtDeadline at_deadline);                 // "hold", "allow"
Result<AtDeadline> parse_at_deadline(std::string_view typed);  // Errc::invalid lists those there are

struct AutomodSettings {
  int level = 2;  // 0 (lets most pass) – 4 (strictest)
  AtDeadline at_deadline = AtDeadline::hold;
  bool operator==(const AutomodSettings&) const = default;
};

struct AutomodPatch {
  std::optional<std::int64_t> level;
  std::optional<AtDeadline> at_deadline;
};

Result<AutomodSettings> apply(const AutomodPatch& patch, AutomodSettings settings);  // as above

}  // namespace sluice::platform
