#include "base/clock.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace sluice {

namespace {
class SystemClock final : public Clock {
 public:
  Steady steady() const override { return std::chrono::steady_clock::now(); }
  Wall wall() const override {
    return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  }
};
}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

std::string format_rfc3339(Wall at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

std::optional<Wall> parse_rfc3339(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() <= shape.size() || text.back() != 'Z') return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == 'd' ? !digit(text[i]) : text[i] != shape[i]) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) { return parse_number<int>(text.substr(at, size)).value_or(0); };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)), std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 60) return std::nullopt;
  int ms = 0;
  std::string_view fraction = text.substr(shape.size(), text.size() - shape.size() - 1);
  if (!fraction.empty()) {
    if (fraction.front() != '.' || fraction.size() == 1) return std::nullopt;
    fraction.remove_prefix(1);
    int unit = 100;
    for (const char c : fraction) {
      if (!digit(c)) return std::nullopt;
      ms += unit * (c - '0');
      unit /= 10;
    }
  }
  return Wall(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(number(11, 2)) + std::chrono::minutes(number(14, 2)) +
              seconds(number(17, 2)) + milliseconds(ms));
}

}  // namespace sluice
