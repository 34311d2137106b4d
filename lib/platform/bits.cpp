#include "platform/bits.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice::platform {

namespace {
constexpr std::string_view prefix = "cheer";
constexpr std::array<std::int64_t, 28> steps{1,         100,       1'000,     5'000,     10'000,    25'000,
                                             50'000,    75'000,    100'000,   200'000,   300'000,   400'000,
                                             500'000,   600'000,   700'000,   800'000,   900'000,   1'000'000,
                                             1'250'000, 1'500'000, 1'750'000, 2'000'000, 2'500'000, 3'000'000,
                                             3'500'000, 4'000'000, 4'500'000, 5'000'000};

// Of one word; 0: it is another.
std::int64_t bits_of(std::string_view word) {
  if (word.size() <= prefix.size() || ascii_lower(word.substr(0, prefix.size())) != prefix) return 0;
  const std::string_view digits = word.substr(prefix.size());
  if (digits.front() == '0' || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
    return 0;
  return parse_number<std::int64_t>(digits).value_or(most_bits + 1);
}
}  // namespace

std::int64_t cheered_bits(std::string_view utf8) {
  std::int64_t sum = 0;
  while (!utf8.empty()) {
    const std::size_t end = std::min(utf8.find(' '), utf8.size());
    sum = std::min(sum + std::min(bits_of(utf8.substr(0, end)), most_bits + 1), most_bits + 1);
    utf8.remove_prefix(std::min(end + 1, utf8.size()));
  }
  return sum;
}

std::int64_t bits_badge(std::int64_t total) {
  const auto above = std::ranges::upper_bound(steps, total);
  return above == steps.begin() ? 0 : *(above - 1);
}

std::string_view bits_metal(std::int64_t badge) {
  if (badge == 0) return "";
  return badge < 1'000 ? "bronze" : badge < 10'000 ? "silver" : "gold";
}

}  // namespace sluice::platform
