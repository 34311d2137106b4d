#pragma once
// WholeGops: a source's pictures as the segmenter cuts them, by its rules (boundaries.hpp): whether every segment can begin with a keyframe of the
// source's. Where one cannot, it names the last place where the source can be left off with all its pictures up to a moment shown. Sans-IO.
#include <optional>

#include "base/clock.hpp"
#include "hls/boundaries.hpp"

namespace sluice::hls {

// The longest GOP that a segment can be: a quarter longer than the segment target, and no longer than what is cut by force.
microseconds longest_whole_gop(microseconds segment);

class WholeGops {
 public:
  struct Picture {
    microseconds pts{0}, dts{0}, duration{0};  // duration > 0: the usual one
    bool key = false;
  };
  explicit WholeGops(microseconds segment);

  // In decode order. False: with this one, or one of those that follow until the source can be left off again, a segment would have to be cut
  // without a keyframe. It is not taken, and none may be after it.
  bool take(const Picture& picture);

  microseconds next() const { return next_; }                // when the first picture is shown that was not taken; no later than the segment bears
  microseconds gop() const { return decoded_ - key_; }       // how long the open GOP is, with the last picture that was seen

 private:
  bool must_stop(const Picture& picture) const;

  microseconds forced_;
  Boundaries boundaries_;
  microseconds segment_start_{0}, key_{0}, decoded_{0};  // decode times
  microseconds shown_{0}, next_{0};                      // presentation times: the latest of those taken
  microseconds anchor_{0}, step_{0};  // decode time of that one; how far such are apart in this GOP
  bool reorders_ = false;             // B-frames have been seen
};

}  // namespace sluice::hls
