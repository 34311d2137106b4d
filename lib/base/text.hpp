#pragma once
// Small, exact text conversions.
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);  // spaces and tabs off both ends
std::string ascii_lower(std::string_view text);
bool ascii_iequals(std::string_view a, std::string_view b);

std::string hex(std::span<const std::byte> bytes);              // lower-case
std::string base32(std::span<const std::byte> bytes);           // a-z2-7, no padding
std::string base64(std::span<const std::byte> bytes);           // RFC 4648 with padding

// The whole text as a decimal number, or nothing.
template <class Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number value{};
  const char* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || at != end || text.empty()) return std::nullopt;
  return value;
}
inline std::optional<double> parse_real(std::string_view text) {
  double value{};
  const char* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end || text.empty()) return std::nullopt;
  return value;
}

}  // namespace sluice
