#pragma once
// What single tags may say, beyond their attributes' types: keys, date ranges, renditions, session data (8216bis 4.4).
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hls/attribute_list.hpp"
#include "hls/date_ranges.hpp"

namespace sluice::hls {

using Tell = std::function<void(std::string_view rule, std::string what)>;

void check_key(const AttributeList& list, std::string_view tag, const Tell& tell);
void check_media(const AttributeList& list, const Tell& tell);
void check_session_data(const AttributeList& list, const Tell& tell);
// `before`: those of the playlist so far. A tag that adds to a range need not say again when it starts.
DateRange check_date_range(const AttributeList& list, const Tell& tell, const DateRanges& before = {});

}  // namespace sluice::hls
