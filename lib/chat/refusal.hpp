#pragma once
// Why a message was not published, and how each protocol says so.
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "chat/error_code.hpp"

namespace sluice::chat {

enum class Reason {
  empty,
  too_long,
  unknown_command,
  rate_limited,
  repeated,
  slow_mode,
  subs_only,
  followers_only,
  emote_only,
  unique,
  banned,
  timed_out,
  busy,         // too many lines are being looked at
  on_its_way,   // another node has a line with the same key, and has not said what became of it
  held,         // a moderator shall look at it
  rejected,     // AutoMod, or a moderator, will not have it
  unavailable,  // it could not be kept for the moderators
  not_enough_bits,
  too_many_bits,  // for one message
  no_cheer,       // it is to be anonymous, which only cheers are
  not_paid,       // the store could not be asked
};

struct Refusal {
  Reason reason;
  std::optional<milliseconds> retry_after{};
  std::optional<std::uint32_t> remaining{};
  milliseconds window{0};  // in which nothing may be said twice; for which one must have followed
  // The unknown command; where one is banned, or would have to follow; what is busy; the id of what is held.
  std::string detail{};
  std::optional<milliseconds> followed{};  // for so long already
};

struct RefusalWords {
  ErrorCode code = ErrorCode::unavailable;
  std::string_view notice_id;  // NOTICE's msg-id; empty where IRC is never told
  std::string text;
};
RefusalWords words_for(const Refusal& refusal);

}  // namespace sluice::chat
