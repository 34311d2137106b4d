#pragma once
// ContainerTimes: a track's times as a container tells them → times that rise, agree, and do not jitter where samples are counted.
// A step back by half a second and more is left for who knows the other tracks (container_timeline.hpp).
#include <cstdint>
#include <optional>

#include "media/track.hpp"

namespace sluice::pipe {

class ContainerTimes {
 public:
  // Sets dts and pts; packet.duration is what the container says, 0 where it says nothing. All in the track's ticks, `one` is one tick of the container.
  // True when the times made no sense and were moved.
  bool set(media::Packet& packet, const media::Track& track, std::optional<std::int64_t> dts, std::optional<std::int64_t> pts, std::int64_t one);

 private:
  std::optional<std::int64_t> next_dts_, last_dts_;  // where the packet before this one ends, and began
};

}  // namespace sluice::pipe
