#pragma once
// Where keyframes stand: how far apart a source's are, on which frames the encoded rungs put theirs, and which frames a
// rung of fewer frames keeps. All by source time alone, so that a restarted encoder decides as the one before it did.
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "media/track.hpp"

namespace sluice::media {

// The most frames from keyframe to keyframe that x264 promises in the SEI of its first frame ("keyint=250"): OBS and ffmpeg
// leave it there. `frame` is length-prefixed. "keyint=infinite" is the greatest number.
std::optional<std::uint32_t> promised_gop(Codec codec, ByteView frame);

// The longest GOP that a segment target bears: a segment holds whole GOPs and may be a quarter longer than its target.
inline microseconds longest_fitting_gop(microseconds segment) { return segment * 5 / 4; }

// Watches a source's keyframes.
class GopMeter {
 public:
  void add(microseconds dts, bool key);
  microseconds longest() const { return longest_; }        // whole or so far, since the start
  bool whole() const { return keys_ > 1; }                 // two keyframes have been seen
 private:
  std::optional<microseconds> key_;
  microseconds longest_{0};
  std::uint64_t keys_ = 0;
};

// Which frames the rungs encode as IDR frames: the source's keyframes (no closer than half a second), or, where those
// are of no use, the first frame of each grid cell of the segment's length.
class KeyframePlan {
 public:
  KeyframePlan(microseconds segment, bool follow_source) : segment_(segment), follow_source_(follow_source) {}
  bool key(microseconds pts, bool source_key);

 private:
  microseconds segment_;
  bool follow_source_;
  std::optional<microseconds> last_;
};

// Keeps at most `fps` frames a second: every keyframe, and one of each cell of 1/fps s counted from there.
class FrameSelector {
 public:
  explicit FrameSelector(std::uint32_t fps) : fps_(fps) {}
  bool keep(microseconds pts, bool key);

 private:
  std::uint32_t fps_;
  microseconds anchor_{0};
  std::int64_t last_cell_ = -1;
};

}  // namespace sluice::media
