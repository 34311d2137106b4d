#include "chat/badges.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "platform/bits.hpp"

namespace sluice::chat {

namespace {
// The months at which a subscriber's badge changes; 0 is the first one's.
constexpr std::array<std::int64_t, 25> steps{0,  2,  3,  6,  9,  12, 18, 24,  30,  36,  42,  48, 54,
                                             60, 66, 72, 78, 84, 90, 96, 102, 108, 114, 120, 126};

// 3 months of tier 2 are 2003; a founder's is the same for ever.
Badge subscriber_badge(const Roles& roles) {
  if (roles.founder) return {"founder", "0", std::to_string(roles.months)};
  std::int64_t version = 0;
  for (const std::int64_t step : steps)
    if (step <= roles.months) version = step;
  if (roles.tier > 1) version += roles.tier * std::int64_t{1000};
  return {"subscriber", std::to_string(version), std::to_string(roles.months)};
}
}  // namespace

std::vector<Badge> badges_of(const Roles& roles) {
  std::vector<Badge> badges;
  if (roles.broadcaster) badges.push_back({"broadcaster", "1"});
  if (roles.moderator) badges.push_back({"moderator", "1"});
  if (roles.vip) badges.push_back({"vip", "1"});
  if (roles.subscriber) badges.push_back(subscriber_badge(roles));
  if (const std::int64_t step = platform::bits_badge(roles.bits))
    badges.push_back({"bits", std::to_string(step)});
  std::ranges::move(badges_of(roles.premium), std::back_inserter(badges));
  return badges;
}

// In the dialect's words: Prime's set is "premium".
std::vector<Badge> badges_of(platform::Premium premium) {
  switch (premium) {
    case platform::Premium::turbo:
      return {{"turbo", "1"}};
    case platform::Premium::prime:
      return {{"premium", "1"}};
    case platform::Premium::none:
      break;
  }
  return {};
}

}  // namespace sluice::chat
