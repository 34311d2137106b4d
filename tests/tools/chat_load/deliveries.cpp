#include "deliveries.hpp"

#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace chat_load {

namespace {
template <class Number>
Number digits(std::string_view text) {
  Number value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}
}  // namespace

std::string Mark::text() const {
  return fmt::format("{}{:04}{:09}{:016}", begin, sender, number, sent_us);
}

Mark Mark::read(std::string_view text) {
  return {digits<int>(text.substr(2, 4)), digits<std::uint32_t>(text.substr(6, 9)),
          digits<std::int64_t>(text.substr(15, 16))};
}

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Member::count(const Mark& mark, Counts& counts) {
  const auto sender = static_cast<std::size_t>(mark.sender);
  if (sender >= next_.size() || mark.number < next_[sender]) {
    ++counts.out_of_order;
    return;
  }
  counts.skipped += mark.number - next_[sender];
  next_[sender] = mark.number + 1;
  ++counts.delivered;
}

}  // namespace chat_load
