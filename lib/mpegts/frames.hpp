#pragma once
// From PES packets to coded frames in the form of media::Packet, for one elementary stream: H.264 and HEVC byte streams become
// access units with avcC or hvcC, AAC with ADTS headers becomes raw frames with an AudioSpecificConfig. Sans-IO.
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "media/in_band_sets.hpp"
#include "media/track.hpp"
#include "mpegts/demuxer.hpp"

namespace sluice::mpegts {

struct Frame {
  std::uint64_t dts = 0;         // 33 bits of 1/90000 s
  std::int64_t composition = 0;  // PTS − DTS, the same ticks; within ± 2^32
  bool key = false;              // a decoder may start here
  SharedBytes data;
};
// A track's decoder configuration comes before its first frame, and again when it changes.
using FrameEvent = std::variant<media::Track, Frame>;

class VideoFrames {
 public:
  explicit VideoFrames(media::Codec codec) : codec_(codec) {}
  void take(const Unit& unit, std::vector<FrameEvent>& out);
  std::uint64_t broken() const { return broken_; }  // units without a picture, or that no decoder reads

 private:
  void take_picture(const Unit& unit, const std::vector<ByteView>& nals, std::size_t index, std::vector<FrameEvent>& out);

  media::Codec codec_;
  media::InBandSets sets_;
  std::optional<std::uint64_t> last_dts_;
  std::uint64_t step_ = 3'000;   // between the last two: where a picture has no time of its own
  std::int64_t composition_ = 0;
  std::uint64_t broken_ = 0;
};

// Frames may begin in one PES packet and end in the next; the first that begins in one has its time.
class AdtsFrames {
 public:
  void take(const Unit& unit, std::vector<FrameEvent>& out);
  std::uint64_t broken() const { return broken_; }  // bytes that belong to no frame

 private:
  Bytes held_;
  Bytes config_;
  std::optional<std::uint64_t> time_;  // of the next frame
  std::uint32_t rate_ = 0;
  std::uint64_t since_ = 0;            // samples since time_
  std::uint64_t broken_ = 0;
};

}  // namespace sluice::mpegts
