#pragma once
// Values of tags that several of the dialect's lines have.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "chat/types.hpp"

namespace sluice::chat {

inline std::string number(std::int64_t value) {
  return std::to_string(value);
}
inline std::string number(Wall at) {
  return std::to_string(at.time_since_epoch().count());
}
inline std::string_view flag(bool value) {
  return value ? "1" : "0";
}
inline std::string_view user_type(const Roles& roles) {
  return roles.moderator ? "mod" : "";
}

std::string badge_list(std::span<const Badge> badges);
std::string_view turbo_flag(std::span<const Badge> badges);  // by which lines of other nodes have it, too
// A subscriber's real months, while the badge shows a step.
std::string badge_info(std::span<const Badge> badges);
// 25:0-4,12-16/1902:6-10, each position moved by what stands before the text.
std::string emote_list(std::span<const EmoteUse> emotes, std::size_t moved = 0);

}  // namespace sluice::chat
