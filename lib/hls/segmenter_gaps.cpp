// Gaps for what does not come: a rendition that is shed or silent, and all of them while nobody feeds the ledger.
#include <algorithm>

#include "hls/segmenter_lane.hpp"

namespace sluice::hls {
namespace {

// A rendition this far behind the furthest is absent: gap parts take its place up to about half of it.
constexpr microseconds absent_after{10'000'000};
// A rung that comes back lags behind the source by its encoder's delay: gaps wait so long for it, or they would pass each
// keyframe that it could come back with.
constexpr microseconds longest_return{5'000'000};
// Renditions that stopped no further apart than this begin their gaps where each of them stopped.
constexpr microseconds together{250'000};

}  // namespace

// Gaps for renditions that are shed, or that have sent nothing for long while others went on.
void Segmenter::fill_absent(Operations& out) {
  microseconds furthest{0};
  for (const auto& lane : lanes_) furthest = std::max(furthest, lane->cutter.position());
  for (const auto& lane : lanes_) {
    RenditionCutter& cutter = lane->cutter;
    if (!cutter.started() || boundaries_.empty()) continue;
    if (cutter.awaits_start()) {
      // After a discontinuity its place is where the others began.
      const Boundary* begun = boundaries_.find(first_msn_);
      if (!begun || (!cutter.is_shed() && furthest - begun->at <= absent_after)) continue;
      cutter.begin_at(begun->at);
    }
    const microseconds behind = furthest - cutter.position();
    // Whole segments: of the one after them it may yet send a part.
    const microseconds missed = boundaries_.holding(furthest - absent_after / 2)->at;
    if (cutter.is_shed()) {
      const microseconds decided = std::min(furthest, has_video_ ? video_position_ : furthest);
      if (cutter.expected_back() && decided - cutter.position() < longest_return) continue;
      if (decided - cutter.position() >= milliseconds(header_.part_ms)) cutter.fill_until(decided, out);
    } else if (behind > absent_after && behind <= longest_hole && missed > cutter.position() && lane->waiting.empty() && silent(*lane)) {
      out.push_back(Remark{Remark::What::absent, cutter.track().rendition, cutter.position(), behind});
      if (lane->follows && lane->video()) {
        cutter.shed(out);  // it comes back with a keyframe only
        cutter.expect_back();
      }
      cutter.fill_until(missed, out);
    }
  }
}

// Whole parts, in segments of the usual length.
void Segmenter::fill_gaps(microseconds until, Operations& out) {
  if (lanes_.empty()) return;
  if (!vacant_since_) begin_gaps(out);
  const milliseconds segment(header_.segment_ms);
  for (; *vacant_since_ + boundaries_.part() <= until; *vacant_since_ += boundaries_.part()) {
    if (*vacant_since_ >= boundaries_.newest().at + segment) boundaries_.declare(*vacant_since_, true);
    for (const auto& lane : lanes_) lane->cutter.fill_until(*vacant_since_ + boundaries_.part(), out);
  }
}

// In a segment of their own, which begins at one time in all renditions: one with media and gaps could not be played by who asks for the
// whole. Who lost more than the others (a writer killed between their parts, the end of a file that a power loss took) has a gap up to there.
void Segmenter::begin_gaps(Operations& out) {
  MediaSequence last = 0;
  for (const auto& lane : lanes_) last = std::max(last, lane->cutter.segment());
  vacant_since_ = microseconds(0);
  for (const auto& lane : lanes_) vacant_since_ = std::max(*vacant_since_, lane->cutter.position());
  if (ends_in_gaps_) return;
  for (const auto& lane : lanes_)
    if (lane->cutter.segment() == last) {
      if (lane->cutter.started() && *vacant_since_ - lane->cutter.position() > together) lane->cutter.fill_until(*vacant_since_, out);
      lane->cutter.close_segment();
    }
  if (boundaries_.find(last + 1) == nullptr) boundaries_.declare(*vacant_since_, true);
}

}  // namespace sluice::hls
