#pragma once
// --summary: how many of what, and how long each took.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "automod/judge.hpp"
#include "base/clock.hpp"

namespace sluice::automod {

class Summary {
 public:
  void bad_line() { ++bad_; }
  void judged(const Judgement& judgement, bool differs, microseconds took);
  std::string text(bool json) const;  // with its newline

 private:
  std::map<std::string, std::uint64_t, std::less<>> verdicts_, reasons_;
  std::uint64_t bad_ = 0, different_ = 0;
  std::vector<std::uint64_t> times_ =
      std::vector<std::uint64_t>(10'000);    // by microseconds; the last: that and longer
  std::uint64_t within(double share) const;  // microseconds that so many were done in
};

}  // namespace sluice::automod
