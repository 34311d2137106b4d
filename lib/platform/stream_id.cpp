#include "platform/stream_id.hpp"

#include <string_view>

namespace sluice::platform {

namespace {
// RFC 4648's base32hex in lower case: the digits' order is the order of their characters.
constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";
constexpr int half = 10;

void append_digits(std::string& to, std::uint64_t value) {
  for (int i = half - 1; i >= 0; --i) to += digits[value >> (5 * i) & 31];
}
}  // namespace

StreamId new_stream_id(Wall at, Random& random) {
  std::string text;
  append_digits(text, static_cast<std::uint64_t>(at.time_since_epoch().count()));
  append_digits(text, random.u64());
  return StreamId(text);
}

std::optional<Wall> time_of(const StreamId& id) {
  if (id.value().size() != 2 * half) return std::nullopt;
  std::int64_t ms = 0;
  for (int i = 0; i < 2 * half; ++i) {
    std::size_t digit = digits.find(id.value()[i]);
    if (digit == digits.npos) return std::nullopt;
    if (i < half) ms = ms << 5 | static_cast<std::int64_t>(digit);
  }
  return Wall(milliseconds(ms));
}

}  // namespace sluice::platform
