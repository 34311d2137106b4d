#include "hls/boundaries.hpp"

#include <algorithm>

namespace sluice::hls {
namespace {
constexpr std::size_t recent_gops = 5;
constexpr microseconds farther{70'000};  // by so much a picture may reach beyond a forced cut: segments may last 100 ms more
constexpr microseconds rounding{1'000};  // by so little a keyframe may stand before its place
constexpr std::size_t most_known =
    4096;  // a rendition further behind than this has long been filled with gaps
}  // namespace

void Boundaries::start(Boundary boundary, bool at_keyframe) {
  known_.assign(1, boundary);
  last_key_.reset();
  if (at_keyframe) last_key_ = boundary.at;
}

void Boundaries::recall(Boundary boundary) {
  known_.push_back(boundary);
}

void Boundaries::clear() {
  known_.clear();
  last_key_.reset();
  evaluated_until_ = microseconds::min();
}

const Boundary* Boundaries::find(MediaSequence msn) const {
  if (known_.empty() || msn < known_.front().msn || msn > known_.back().msn) return nullptr;
  return &known_[msn - known_.front().msn];
}

const Boundary* Boundaries::holding(microseconds at) const {
  for (auto it = known_.rbegin(); it != known_.rend(); ++it)
    if (it->at <= at) return &*it;
  return known_.empty() ? nullptr : &known_.front();
}

const Boundary* Boundaries::declare(microseconds at, bool forced) {
  known_.push_back({known_.back().msn + 1, at, forced});
  if (known_.size() > most_known) known_.pop_front();
  return &known_.back();
}

void Boundaries::declare_key(microseconds at) {
  declare(at, false);
  last_key_ = at;
}

// How long the GOP may last that begins with `key`. Before any has been seen whole, the segment's length so far stands for it: segments
// start with keyframes.
microseconds Boundaries::longest_gop(microseconds key, microseconds length) const {
  if (key_grid_) return *key_grid_ - (key + rounding) % *key_grid_;
  return gops_.empty() ? length : *std::max_element(gops_.begin(), gops_.end());
}

std::optional<microseconds> Boundaries::next_key() const {
  if (!last_key_ || gops_.empty()) return std::nullopt;
  return last_key_decoded_ + *std::min_element(gops_.begin(), gops_.end());
}

const Boundary* Boundaries::video(const Frame& frame) {
  if (known_.empty()) return nullptr;
  const microseconds lasts = std::max(std::min(shortest_frame_.value_or(frame.duration), frame.duration), frame.duration - farther);
  const bool too_long = frame.dts + lasts - frame.segment_start > forced_;
  if (frame.key && frame.pts >= evaluated_until_) {
    evaluated_until_ = frame.pts + frame.duration / 2;
    if (last_key_ && frame.pts > *last_key_) {
      gops_.push_back(frame.pts - *last_key_);
      if (gops_.size() > recent_gops) gops_.pop_front();
    }
    last_key_ = frame.pts;
    last_key_decoded_ = frame.dts;
    const microseconds length = frame.pts - newest().at;
    const bool enough = length >= segment_ - frame.duration / 2;
    const microseconds most = key_grid_ ? std::min(segment_ * 5 / 4, forced_ - frame.duration) : segment_ * 5 / 4;
    const bool next_would_pass = length > frame.duration && length + longest_gop(frame.pts, length) > most;
    if (enough || next_would_pass || too_long) return declare(frame.pts, false);
    return nullptr;
  }
  return too_long ? declare(frame.dts, true) : nullptr;
}

const Boundary* Boundaries::audio(microseconds at, microseconds duration) {
  if (known_.empty() || at - newest().at < segment_ - duration / 2) return nullptr;
  return declare(at, false);
}

}  // namespace sluice::hls
