// How option values are written: durations, sizes, flags, and what each kind accepts.
#include "app/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "net/tcp.hpp"

namespace sluice::app {

namespace {
struct Unit {
  std::string_view suffix;
  double factor;
};

// "1.5s" → 1.5 × the unit's factor; nothing when it is not a number with one of the units.
std::optional<double> with_unit(std::string_view text, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (!text.ends_with(unit.suffix)) continue;
    const auto number = parse_real(text.substr(0, text.size() - unit.suffix.size()));
    if (number && *number >= 0 && std::isfinite(*number)) return *number * unit.factor;
  }
  return std::nullopt;
}
}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 6> units{
      {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}, {"", 1e3}}};
  const auto ms = with_unit(text, units);
  if (!ms || *ms > 1e15) return fail(Errc::config, fmt::format("'{}' is not a duration", text), "write 500ms, 2s, 1.5s, 10m or 1h");
  return std::chrono::milliseconds(std::llround(*ms));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  static constexpr double k = 1024;
  static constexpr std::array<Unit, 5> units{{{"K", k}, {"M", k * k}, {"G", k * k * k}, {"T", k * k * k * k}, {"", 1}}};
  const auto bytes = with_unit(text, units);
  if (!bytes || *bytes > 9e18) return fail(Errc::config, fmt::format("'{}' is not a size", text), "write 4096, 64M or 1G");
  return static_cast<std::uint64_t>(std::llround(*bytes));
}

std::optional<bool> parse_flag(std::string_view text) {
  const std::string lower = ascii_lower(text);
  if (lower == "1" || lower == "true" || lower == "yes" || lower == "on") return true;
  if (lower == "0" || lower == "false" || lower == "no" || lower == "off") return false;
  return std::nullopt;
}

Result<> check_value(const Option& option, const std::string& value) {
  switch (option.kind) {
    case Kind::flag:
      if (!parse_flag(value)) return fail(Errc::config, fmt::format("'{}' is neither true nor false", value), "write true or false");
      return {};
    case Kind::integer: {
      const auto number = parse_number<std::int64_t>(value);
      if (!number) return fail(Errc::config, fmt::format("'{}' is not a whole number", value));
      const std::int64_t low = option.min.value_or(std::numeric_limits<std::int64_t>::min());
      const std::int64_t high = option.max.value_or(std::numeric_limits<std::int64_t>::max());
      if (*number < low || *number > high)
        return fail(Errc::config, fmt::format("{} is out of range", value), fmt::format("choose a number from {} to {}", low, high));
      return {};
    }
    case Kind::number:
      if (!parse_real(value)) return fail(Errc::config, fmt::format("'{}' is not a number", value));
      return {};
    case Kind::duration:
      if (auto parsed = parse_duration(value); !parsed) return std::unexpected(parsed.error());
      break;
    case Kind::size:
      if (auto parsed = parse_size(value); !parsed) return std::unexpected(parsed.error());
      return {};
    case Kind::endpoint:
      if (auto parsed = net::parse_endpoint(value); !parsed) return std::unexpected(parsed.error());
      return {};
    case Kind::choice:
      for (const std::string& choice : option.choices)
        if (choice == value) return {};
      return fail(Errc::config, fmt::format("'{}' is not a choice", value),
                  fmt::format("choose one of {}", fmt::join(option.choices, ", ")));
    case Kind::text:
    case Kind::path:
      break;
  }
  return option.check != nullptr ? option.check(value) : Result<>();
}

}  // namespace sluice::app
