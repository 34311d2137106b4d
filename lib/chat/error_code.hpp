#pragma once
// The codes of errors that pages are told (sluice-chat(5), ERROR CODES): all of them, and no other.
#include <cstdint>
#include <string_view>

namespace sluice::chat {

enum class ErrorCode : std::uint8_t {
  bad_request,
  auth_failed,
  token_revoked,
  not_authenticated,
  no_such_channel,
  not_joined,
  too_many_rooms,
  rate_limited,
  slow_mode,
  subs_only,
  followers_only,
  emote_only,
  unique,
  identical,
  banned,
  timed_out,
  empty,
  too_long,
  held,
  rejected,
  busy,
  no_permission,
  unknown_command,
  usage,
  unsupported_command,
  not_enough_bits,
  too_many_bits,
  no_cheer,
  unavailable,
  too_many_frames,
  slow_consumer,
};

std::string_view name(ErrorCode code);  // as above

}  // namespace sluice::chat
