#include "platform/tiers.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"

namespace sluice::platform {

namespace {
constexpr std::array sold{Tier{Plan::tier1, "Tier 1", 499, 5}, Tier{Plan::tier2, "Tier 2", 999, 10},
                          Tier{Plan::tier3, "Tier 3", 2499, 20}};
}  // namespace

std::string_view name(Plan plan) {
  return plan == Plan::prime ? "Prime" : tier_name(plan);
}

std::string_view tier_name(Plan plan) {
  constexpr std::array names{"1000", "2000", "3000"};
  return names[static_cast<std::size_t>(tier(plan)) - 1];
}

int tier(Plan plan) {
  return plan == Plan::tier3 ? 3 : plan == Plan::tier2 ? 2 : 1;
}

Result<Plan> parse_plan(std::string_view typed) {
  if (ascii_iequals(typed, "prime")) return Plan::prime;
  for (const Tier& tier : sold)
    if (typed == tier_name(tier.plan) || typed == tier_name(tier.plan).substr(0, 1)) return tier.plan;
  return fail(Errc::invalid, fmt::format("there is no tier \"{}\"", typed), "use 1, 2, 3 or prime");
}

std::span<const Tier> tiers() {
  return sold;
}

const Tier& tier_of(Plan plan) {
  return sold[static_cast<std::size_t>(tier(plan)) - 1];
}

Wall month_after(Wall at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day today(day);
  std::chrono::year_month_day then = today + std::chrono::months(1);
  if (!then.ok()) then = then.year() / then.month() / std::chrono::last;
  return std::chrono::sys_days(then) + (at - day);
}

}  // namespace sluice::platform
