#include "chat/badges.hpp"

namespace sluice::chat {

std::vector<Badge> badges_of(const Roles& roles) {
  std::vector<Badge> badges;
  if (roles.broadcaster) badges.push_back({"broadcaster", "1"});
  if (roles.moderator) badges.push_back({"moderator", "1"});
  if (roles.vip) badges.push_back({"vip", "1"});
  if (roles.subscriber) badges.push_back({"subscriber", "0"});
  return badges;
}

}  // namespace sluice::chat
