#pragma once
// Sparing: how often a line may be logged that peers can cause: the first about each subject at once, then one in a period, which tells how
// many were left out.
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace sluice {

class Sparing {
 public:
  static constexpr std::size_t most_subjects = 64;  // within one period; what is more counts as one subject
  explicit Sparing(seconds period) : period_(period) {}

  // How many were left out since the last one about it; nothing: leave this one out, too.
  std::optional<std::uint64_t> next(const std::string& subject, Steady now) {
    if (said_.size() >= most_subjects && !said_.contains(subject)) std::erase_if(said_, [&](const auto& each) { return now - each.second.at >= period_; });
    const bool room = said_.size() < most_subjects || said_.contains(subject);
    const auto [found, first] = said_.try_emplace(room ? subject : "", Said{now, 0});
    Said& said = found->second;
    if (!first && now - said.at < period_) return ++said.left_out, std::nullopt;
    const std::uint64_t left_out = said.left_out;
    said = {now, 0};
    return left_out;
  }

 private:
  struct Said {
    Steady at;
    std::uint64_t left_out;
  };
  seconds period_;
  std::map<std::string, Said> said_;
};

}  // namespace sluice
