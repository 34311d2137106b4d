#pragma once
// Sparing: how often a line may be logged that peers can cause: the first about each subject at once, then one in a period, which tells how
// many were left out. What is left out when nothing follows is told by over(), for who asks now and then.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace sluice {

class Sparing {
 public:
  static constexpr std::size_t most_subjects = 64;  // within one period; what is more counts as one subject
  explicit Sparing(seconds period) : period_(period) {}

  // How many were left out since the last one about it; nothing: leave this one out, too.
  std::optional<std::uint64_t> next(const std::string& subject, Steady now) {
    if (said_.size() >= most_subjects && !said_.contains(subject)) make_room(now);
    const bool room = said_.size() < most_subjects || said_.contains(subject);
    const auto [found, first] = said_.try_emplace(room ? subject : "", Said{now, 0});
    Said& said = found->second;
    if (!first && now - said.at < period_) return ++said.left_out, std::nullopt;
    const std::uint64_t left_out = said.left_out;
    said = {now, 0};
    return left_out;
  }

  // The subjects of which some were left out and whose period is over, with their number; what is new of them is told at once again.
  std::vector<std::pair<std::string, std::uint64_t>> over(Steady now) {
    std::vector<std::pair<std::string, std::uint64_t>> told;
    std::erase_if(said_, [&](const auto& each) {
      if (now - each.second.at < period_) return false;
      if (each.second.left_out > 0) told.emplace_back(each.first, each.second.left_out);
      return true;
    });
    return told;
  }

 private:
  struct Said {
    Steady at;
    std::uint64_t left_out;
  };
  void make_room(Steady now) {
    std::uint64_t left_out = 0;
    for (const auto& [subject, count] : over(now)) left_out += count;
    if (left_out > 0) said_.try_emplace("", Said{now - period_, 0}).first->second.left_out += left_out;
  }

  seconds period_;
  std::map<std::string, Said> said_;
};

}  // namespace sluice
