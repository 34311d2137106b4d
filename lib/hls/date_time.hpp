#pragma once
// Dates of playlists: EXT-X-PROGRAM-DATE-TIME and date ranges (RFC 8216bis 4.4.4.6, 4.4.5.1).
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::hls {

// ISO/IEC 8601:2004, in any of its complete forms, basic (20260101T000000Z) and extended (2026-01-01T00:00:00Z), to milliseconds of Unix time;
// without a zone it is UTC.
std::optional<std::int64_t> parse_date_time(std::string_view text);
bool tells_zone(std::string_view date_time);

}  // namespace sluice::hls
