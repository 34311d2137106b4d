#include "chat/error_code.hpp"

#include <array>

namespace sluice::chat {

namespace {
constexpr std::array<std::string_view, 31> names{"bad_request",
                                                 "auth_failed",
                                                 "token_revoked",
                                                 "not_authenticated",
                                                 "no_such_channel",
                                                 "not_joined",
                                                 "too_many_rooms",
                                                 "rate_limited",
                                                 "slow_mode",
                                                 "subs_only",
                                                 "followers_only",
                                                 "emote_only",
                                                 "unique",
                                                 "identical",
                                                 "banned",
                                                 "timed_out",
                                                 "empty",
                                                 "too_long",
                                                 "held",
                                                 "rejected",
                                                 "busy",
                                                 "no_permission",
                                                 "unknown_command",
                                                 "usage",
                                                 "unsupported_command",
                                                 "not_enough_bits",
                                                 "too_many_bits",
                                                 "no_cheer",
                                                 "unavailable",
                                                 "too_many_frames",
                                                 "slow_consumer"};
static_assert(names.size() == static_cast<std::size_t>(ErrorCode::slow_consumer) + 1);
}  // namespace

std::string_view name(ErrorCode code) {
  return names[static_cast<std::size_t>(code)];
}

}  // namespace sluice::chat
