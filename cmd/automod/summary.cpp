#include "summary.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::automod {

void Summary::judged(const Judgement& judgement, bool differs, microseconds took) {
  ++verdicts_[std::string(name(judgement.decisive.verdict))];
  ++reasons_[std::string(name(judgement.decisive.reason))];
  different_ += differs;
  ++times_[static_cast<std::size_t>(
      std::clamp<std::int64_t>(took.count(), 0, static_cast<std::int64_t>(times_.size()) - 1))];
}

std::uint64_t Summary::within(double share) const {
  const auto all = std::accumulate(times_.begin(), times_.end(), std::uint64_t{0});
  std::uint64_t seen = 0;
  for (std::size_t us = 0; us < times_.size(); ++us)
    if (seen += times_[us]; seen > 0 && static_cast<double>(seen) >= share * static_cast<double>(all))
      return us;
  return 0;
}

std::string Summary::text(bool json) const {
  const auto all = std::accumulate(times_.begin(), times_.end(), std::uint64_t{0});
  if (json)
    return nlohmann::ordered_json{{"messages", all},         {"verdicts", verdicts_}, {"reasons", reasons_},
                                  {"different", different_}, {"bad_lines", bad_},     {"p50_us", within(0.5)},
                                  {"p99_us", within(0.99)}}
               .dump() +
           "\n";
  std::string out = fmt::format("{} messages", all);
  for (const auto& [verdict, count] : verdicts_) out += fmt::format(", {} {}", count, verdict);
  out += fmt::format("; {} differ, {} bad lines; p50 {} us, p99 {} us\n", different_, bad_, within(0.5),
                     within(0.99));
  for (const auto& [reason, count] : reasons_) out += fmt::format("  {:<10} {}\n", reason, count);
  return out;
}

}  // namespace sluice::automod
