#include "hls/whole_gops.hpp"

#include <algorithm>

#include "hls/segment_rules.hpp"
#include "media/keyframes.hpp"

namespace sluice::hls {

namespace {
microseconds forced(microseconds segment) { return forced_length(plan_lengths(segment, segment, {})); }
}  // namespace

microseconds longest_whole_gop(microseconds segment) { return std::min(media::longest_fitting_gop(segment), forced(segment)); }

WholeGops::WholeGops(microseconds segment)
    : forced_(forced(segment)), boundaries_(segment, segment, forced_) {}

// A picture that is shown after all before it finds those complete; B-frames in front of it, which come after it, would not be shown without it. So
// a source with such is left off before the last one from which the next can be reached.
bool WholeGops::must_stop(const Picture& picture) const {
  const bool completes = picture.pts > shown_;
  const microseconds room = completes && reorders_ ? std::max(step_, picture.duration) : picture.duration;
  return picture.dts + room - segment_start_ > forced_;
}

bool WholeGops::take(const Picture& picture) {
  decoded_ = std::max(decoded_, picture.dts);
  if (boundaries_.empty()) {
    if (!picture.key) return true;
    boundaries_.start({0, picture.pts, false}, true);
    segment_start_ = picture.dts;
  } else {
    if (!picture.key && must_stop(picture)) {
      if (!reorders_) next_ = std::max(next_, std::min(picture.pts, boundaries_.newest().at + forced_));
      return false;
    }
    if (boundaries_.video({picture.pts, picture.dts, picture.duration, segment_start_, picture.key})) segment_start_ = picture.dts;
  }
  if (picture.key) {
    key_ = anchor_ = picture.dts;
    step_ = microseconds(0);
  }
  if (picture.pts > shown_ || picture.key) {
    step_ = std::max(step_, picture.dts - anchor_);
    anchor_ = picture.dts;
    shown_ = std::max(shown_, picture.pts);
    next_ = shown_ + picture.duration;
  } else {
    reorders_ = true;
  }
  return true;
}

}  // namespace sluice::hls
