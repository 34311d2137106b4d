#pragma once
// The lengths that segments and parts keep to, all from three settings and the tracks (sluice-ledger(5),
// RULES; RFC 8216bis 4.4.3.1, 4.4.3.8, 4.4.4.9).
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "hls/ledger_records.hpp"
#include "media/track.hpp"

namespace sluice::hls {

// What a new ledger's header says about lengths. The stream's id, channel, epoch and format are the caller's.
LedgerHeader plan_lengths(microseconds segment, microseconds part, const std::vector<media::Track>& tracks);

// A frame's usual length in ticks of its track: from the frame rate, or the samples an audio frame holds;
// 1/30 s when unknown.
std::int64_t frame_ticks(const media::Track& track);

// The limits of one rendition, in ticks of its timescale.
struct CutLimits {
  std::int64_t frame = 0;         // a usual frame
  std::int64_t usual_part = 0;    // the part duration asked for; video: the whole frames nearest to it
  std::int64_t part_least = 0;    // only a segment's last part may be shorter
  std::int64_t part_most = 0;     // no part is longer (PART-TARGET)
  std::int64_t segment_most = 0;  // no segment is longer: rounded, it is still TARGETDURATION
  CutLimits() = default;
  CutLimits(const LedgerHeader& header, const media::Track& track);
};

// A leading rendition starts a segment here rather than let the old one pass this: 0.1 s short of what its
// followers may still add.
microseconds forced_length(const LedgerHeader& header);

// When a frame is shown, as far as boundaries go: none is held back for longer than a segment may last.
inline microseconds shown_at(microseconds pts, microseconds dts, microseconds forced) { return std::min(pts, dts + forced); }

inline microseconds to_us(std::int64_t ticks, std::uint32_t timescale) {
  return microseconds(media::rescale(ticks, timescale, 1'000'000));
}
inline std::int64_t to_ticks(microseconds at, std::uint32_t timescale) {
  return media::rescale(at.count(), 1'000'000, timescale);
}

}  // namespace sluice::hls
