#pragma once
// Badges: what a user's roles show beside the name, in the order clients draw them.
#include <vector>

#include "chat/types.hpp"

namespace sluice::chat {

std::vector<Badge> badges_of(const Roles& roles);
std::vector<Badge> badges_of(platform::Premium premium);  // where there is no room: of the account alone

}  // namespace sluice::chat
