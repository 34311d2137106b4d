#pragma once
// ContainerTimeline: the times of a stranger's stream → a stream's that begins at 0. One track's leap is closed up (media/timeline.hpp); a hole that
// all tracks share is, too, unless so much time passed while it came. Without a leap no time is touched, only counted from the beginning.
#include <cstdint>
#include <vector>

#include "media/timeline.hpp"
#include "media/track.hpp"

namespace sluice::pipe {

class ContainerTimeline {
 public:
  // `first_us`: the container's time, in microseconds, that is 0.
  ContainerTimeline(const std::vector<media::Track>& tracks, std::int64_t first_us);

  // Sets dts and pts, which are the container's, in the track's ticks. False: the packet must be dropped, it lies before the beginning.
  bool place(media::Packet& packet, Steady now);
  std::uint64_t repairs() const { return timeline_.repairs(); }

 private:
  std::vector<std::uint32_t> timescales_;
  std::int64_t first_us_;
  media::Timeline timeline_;
};

}  // namespace sluice::pipe
