#pragma once
// Where segments start: one list for all renditions. The rendition that is furthest on decides (at its
// keyframes, by its GOPs, or by force); all others cut where it did.
#include <algorithm>
#include <deque>
#include <optional>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace sluice::hls {

struct Boundary {
  MediaSequence msn = 0;  // of the segment that starts here
  microseconds at{0};     // presentation time of its first video frame
  bool forced = false;    // there was no keyframe
  bool discontinuity = false;  // an earlier writer began it with D somewhere: so do all
};

class Boundaries {
 public:
  Boundaries(microseconds segment, microseconds part, microseconds forced) : segment_(segment), part_(part), forced_(forced) {}

  // How long the leading video's usual part is; the setting, while there is none.
  microseconds part() const { return part_; }
  void set_part(microseconds part) { part_ = part; }

  // How long a usual picture of one of the videos lasts. A forced cut goes by the shortest, or a rung of fewer pictures, whose last one reaches farther,
  // would be cut where the source is not; but its segments grow no longer for it than TARGETDURATION bears.
  void add_frame(microseconds length) { shortest_frame_ = std::min(shortest_frame_.value_or(length), length); }

  // The first boundary, or the next of those that an earlier writer fixed: MSNs without a hole.
  void start(Boundary boundary, bool at_keyframe);
  void recall(Boundary boundary);
  void clear();

  bool empty() const { return known_.empty(); }
  const Boundary& newest() const { return known_.back(); }
  const Boundary* find(MediaSequence msn) const;
  const Boundary* holding(
      microseconds at) const;  // of the segment that `at` lies in; the oldest for earlier times

  // A video frame of the newest segment has arrived, perhaps as the first rendition's to reach that time. Its
  // decode times count for the forced cut, presentation times for keyframes. The boundary that starts with
  // it, if one does.
  struct Frame {
    microseconds pts{0}, dts{0}, duration{0};
    microseconds segment_start{0};  // decode time, of its own rendition
    bool key = false;
  };
  const Boundary* video(const Frame& frame);
  // An audio frame that no video leads.
  const Boundary* audio(microseconds at, microseconds duration);
  // Declares the next boundary (a hole in the leading rendition).
  const Boundary* declare(microseconds at, bool forced);
  // Or one that a first keyframe stands at.
  void declare_key(microseconds at);

  // Decode time at which the next keyframe may come at the earliest, going by the last few GOPs; nothing before one has been seen whole.
  std::optional<microseconds> next_key() const;

  // Keyframes stand at multiples of this; where it is not known, how far apart they were tells when the next one comes.
  void set_key_grid(microseconds grid) { key_grid_ = grid; }

  void evaluated_until(microseconds at) {
    evaluated_until_ = at;
  }  // keyframes before it have been decided on

 private:
  microseconds longest_gop(microseconds key, microseconds length) const;

  microseconds segment_, part_, forced_;
  std::optional<microseconds> shortest_frame_;
  std::deque<Boundary> known_;
  std::optional<microseconds> last_key_;
  microseconds last_key_decoded_{0};
  std::deque<microseconds> gops_;  // the last few
  std::optional<microseconds> key_grid_;
  microseconds evaluated_until_ = microseconds::min();
};

}  // namespace sluice::hls
