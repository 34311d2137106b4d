#pragma once
// What single tags may say, beyond their attributes' types: keys, date ranges, renditions, session data (8216bis 4.4).
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hls/attribute_list.hpp"

namespace sluice::hls {

using Tell = std::function<void(std::string_view rule, std::string what)>;

// One EXT-X-DATERANGE; several may add to the same range.
struct DateRange {
  std::string id;
  std::optional<std::int64_t> start_ms;
  std::optional<double> duration;  // seconds, or by END-DATE
  AttributeList written = {};
  std::size_t line = 0;
};

void check_key(const AttributeList& list, std::string_view tag, const Tell& tell);
void check_media(const AttributeList& list, const Tell& tell);
void check_session_data(const AttributeList& list, const Tell& tell);
// `before`: those of the playlist so far. A tag that adds to a range need not say again when it starts.
DateRange check_date_range(const AttributeList& list, const Tell& tell, const std::vector<DateRange>& before = {});
// The first attribute that both have with different values, which two tags of one range may not.
std::optional<std::string> differing_attribute(const DateRange& a, const DateRange& b);

}  // namespace sluice::hls
