#pragma once
// How long media that playlists no longer list must stay fetchable (RFC 8216bis 6.2.2), counted on the wall clock, since publishers may be
// faster than real time and slower: a segment until its availability duration is over, which is its own length and that of the longest playlist
// that listed it, counted from when it first appeared; a part for three target durations after it left the playlist. The latter holds for segments
// here, too: a player may just have read the playlist before.
#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace sluice::hls {

struct Unlisted {
  std::int64_t appeared_ms = 0, unlisted_ms = 0;  // Unix time
  microseconds length{0}, longest_playlist{0};
};

inline std::int64_t parts_kept_ms(std::uint32_t target_duration_s) { return std::int64_t{3'000} * target_duration_s; }

// Unix time, ms.
inline std::int64_t available_until_ms(const Unlisted& segment, std::uint32_t target_duration_s) {
  const auto duration = std::chrono::ceil<milliseconds>(segment.length + segment.longest_playlist);
  return std::max(segment.appeared_ms + duration.count(), segment.unlisted_ms + parts_kept_ms(target_duration_s));
}

// Of segments that are no longer listed, so many for each that is: a stream that comes faster than so many times real time, a file for
// instance, does not fill the disk.
inline constexpr std::size_t most_unlisted = 8;

}  // namespace sluice::hls
