#pragma once
// Where a media playlist ends, by number and by date.
#include <compare>
#include <cstdint>
#include <optional>

#include "hls/playlist_reader.hpp"

namespace sluice::lint {

// The next part (8216bis 6.2.5.2): of the open segment, or part 0 of the next.
struct Edge {
  std::uint64_t msn = 0, part = 0;
  auto operator<=>(const Edge&) const = default;
};

Edge next_edge(const hls::ReadMedia& list);
// The last segment and part that are listed; nothing when none is.
std::optional<Edge> last_listed(const hls::ReadMedia& list);
// Media is listed that was not before; that an open segment has become whole is none.
bool gained_media(const hls::ReadMedia& before, const hls::ReadMedia& now);
// Segment `msn` whole, or its part; later ones do as well.
bool holds(const hls::ReadMedia& list, std::uint64_t msn, std::optional<std::uint64_t> part);
std::uint64_t complete_end(const hls::ReadMedia& list);  // the number after the last whole segment
const hls::ReadSegment* find_segment(const hls::ReadMedia& list, std::uint64_t msn);
// Milliseconds of Unix time at which the last part ends; nothing without dates.
std::optional<double> end_date_ms(const hls::ReadMedia& list);
double length_of(const hls::ReadSegment& segment);  // EXTINF, or its parts' sum while it is open, in seconds

}  // namespace sluice::lint
