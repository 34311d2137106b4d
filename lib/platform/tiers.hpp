#pragma once
// Subscriptions: what there is to have, for how much, and for how long.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace sluice::platform {

// Prime is a first tier that somebody else pays for.
enum class Plan { prime, tier1, tier2, tier3 };
std::string_view name(Plan plan);       // as the dialect has it: "Prime", "1000", "2000", "3000"
std::string_view tier_name(Plan plan);  // as EventSub has it: "1000" of Prime, too
int tier(Plan plan);                    // 1–3
Result<Plan> parse_plan(
    std::string_view typed);  // "prime", "1", "1000"…; Errc::invalid lists those there are

struct Tier {
  Plan plan = Plan::tier1;
  std::string_view title;        // "Tier 1"
  std::int64_t price_cents = 0;  // of a month, in US dollars
  std::size_t emotes = 0;        // of a channel that a subscriber of it has
};
std::span<const Tier> tiers();  // the three that can be bought
const Tier& tier_of(Plan plan);

// The same time of the day one month later, on the month's last day where it has no such day.
Wall month_after(Wall at);

inline constexpr std::size_t most_gifts = 100;  // at once

}  // namespace sluice::platform
