#pragma once
// What an account has beside its channels' subscriptions, which shows as a badge wherever it chats.
#include <string_view>

#include "base/result.hpp"

namespace sluice::platform {

enum class Premium { none, turbo, prime };
std::string_view name(Premium premium);                 // "none", "turbo", "prime"
Result<Premium> parse_premium(std::string_view typed);  // Errc::usage lists those there are

}  // namespace sluice::platform
