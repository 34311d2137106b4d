#include "hls/date_time.hpp"

#include <chrono>

#include "base/text.hpp"
#include "hls/attribute_list.hpp"

namespace sluice::hls {

bool tells_zone(std::string_view text) { return text.find_first_of("Z+-", std::string_view("YYYY-MM-DD").size()) != std::string_view::npos; }

std::optional<std::int64_t> parse_date_time(std::string_view text) {
  // YYYY-MM-DDThh:mm:ss[.fraction][Z|±hh:mm|±hhmm|±hh]
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto field = [&](std::size_t at, std::size_t length) { return parse_number<int>(text.substr(at, length)); };
  const auto year = field(0, 4), month = field(5, 2), day = field(8, 2), hour = field(11, 2), minute = field(14, 2), second = field(17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour < 0 || *hour > 23 || *minute < 0 || *minute > 59 || *second < 0 || *second > 60) return std::nullopt;
  std::string_view rest = text.substr(19);
  std::int64_t ms = 0;
  if (rest.starts_with('.')) {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end < 2 || end > 20) return std::nullopt;
    ms = static_cast<std::int64_t>(parse_decimal(rest.substr(0, end)).value_or(0) * 1000 + 0.5);
    rest.remove_prefix(end);
  }
  std::int64_t offset_min = 0;
  if (!rest.empty() && rest != "Z") {
    if (rest.size() < 3 || (rest[0] != '+' && rest[0] != '-')) return std::nullopt;
    const auto hours = parse_number<int>(rest.substr(1, 2));
    std::string_view tail = rest.substr(3);
    if (tail.starts_with(':')) tail.remove_prefix(1);
    const auto minutes = tail.empty() ? std::optional<int>(0) : tail.size() == 2 ? parse_number<int>(tail) : std::nullopt;
    if (!hours || !minutes || *hours < 0 || *hours > 23 || *minutes < 0 || *minutes > 59) return std::nullopt;
    offset_min = (rest[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + *hour) * 60 + *minute - offset_min) * 60'000 + *second * 1000 + ms;
}

}  // namespace sluice::hls
