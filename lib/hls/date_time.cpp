#include "hls/date_time.hpp"

#include <chrono>

#include "base/text.hpp"
#include "hls/attribute_list.hpp"

namespace sluice::hls {
namespace {

using std::chrono::days;

// Takes the digits at the front: as many, or none.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count || text.substr(0, count).find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto value = parse_number<int>(text.substr(0, count));
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// 4.1 of ISO 8601: YYYY-MM-DD, YYYY-DDD, YYYY-Www-D, and the basic form of each without hyphens. All of `text`, in days of Unix time.
std::optional<std::chrono::sys_days> parse_date(std::string_view text, bool& extended) {
  const auto number = take_digits(text, 4);
  if (!number) return std::nullopt;
  const std::chrono::year year(*number);
  extended = take(text, '-');
  if (take(text, 'W')) {
    const auto week = take_digits(text, 2);
    if (extended && !take(text, '-')) return std::nullopt;
    const auto day = take_digits(text, 1);
    if (!week || !day || *week < 1 || *week > 53 || *day < 1 || *day > 7 || !text.empty()) return std::nullopt;
    // The first week holds the fourth of January, and begins on a Monday.
    const std::chrono::sys_days fourth = year / std::chrono::January / 4;
    const unsigned since_monday = (std::chrono::weekday(fourth).c_encoding() + 6) % 7;
    return fourth + days((*week - 1) * 7 + *day - 1 - static_cast<int>(since_monday));
  }
  if (text.size() == 3) {
    const auto day = take_digits(text, 3);
    if (!day || *day < 1 || *day > (year.is_leap() ? 366 : 365)) return std::nullopt;
    return std::chrono::sys_days(year / std::chrono::January / 1) + days(*day - 1);
  }
  const auto month = take_digits(text, 2);
  if (extended && !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!month || !day || !text.empty()) return std::nullopt;
  const std::chrono::year_month_day date{year, std::chrono::month(static_cast<unsigned>(*month)), std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? std::optional<std::chrono::sys_days>(date) : std::nullopt;
}

// 4.2: hh:mm:ss, hh:mm or hh with a fraction of the last, and the basic form without colons. What follows is left in `text`. In milliseconds.
std::optional<std::int64_t> parse_time(std::string_view& text, bool extended) {
  std::int64_t ms = 0, unit = 24 * 3'600'000;
  int fields[3] = {0, 0, 0};
  for (int i = 0; i < 3; ++i) {
    if (i > 0 && extended && !take(text, ':')) break;
    if (i > 0 && !extended && (text.empty() || text.find_first_of("0123456789") != 0)) break;
    const auto field = take_digits(text, 2);
    if (!field) return std::nullopt;
    fields[i] = *field;
    unit /= i == 0 ? 24 : 60;
    ms += *field * unit;
  }
  if (fields[0] > 24 || fields[1] > 59 || fields[2] > 60) return std::nullopt;
  if (text.starts_with('.') || text.starts_with(',')) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
    if (end < 2 || end > 20) return std::nullopt;
    ms += static_cast<std::int64_t>(parse_decimal("0." + std::string(text.substr(1, end - 1))).value_or(0) * static_cast<double>(unit) + 0.5);
    text.remove_prefix(end);
  }
  // 24:00 is the end of the day, and nothing is later in it.
  return fields[0] == 24 && ms > 24 * 3'600'000 ? std::nullopt : std::optional(ms);
}

// 4.2.5: Z, ±hh:mm, ±hhmm, ±hh, or nothing. Minutes ahead of UTC.
std::optional<int> parse_zone(std::string_view text) {
  if (text.empty() || text == "Z") return 0;
  const int sign = text.starts_with('-') ? -1 : 1;
  if (!take(text, '-') && !take(text, '+')) return std::nullopt;
  const auto hours = take_digits(text, 2);
  take(text, ':');
  const auto minutes = text.empty() ? std::optional<int>(0) : take_digits(text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59 || !text.empty()) return std::nullopt;
  return sign * (*hours * 60 + *minutes);
}

}  // namespace

bool tells_zone(std::string_view text) {
  const std::size_t time = text.find('T');
  return time != std::string_view::npos && text.find_first_of("Z+-", time) != std::string_view::npos;
}

std::optional<std::int64_t> parse_date_time(std::string_view text) {
  const std::size_t at = text.find('T');
  if (at == std::string_view::npos) return std::nullopt;
  bool extended = false;
  const auto date = parse_date(text.substr(0, at), extended);
  text.remove_prefix(at + 1);
  const auto time = date ? parse_time(text, extended) : std::nullopt;
  const auto zone = time ? parse_zone(text) : std::nullopt;
  if (!zone) return std::nullopt;
  return date->time_since_epoch().count() * std::int64_t{86'400'000} + *time - *zone * 60'000;
}

}  // namespace sluice::hls
