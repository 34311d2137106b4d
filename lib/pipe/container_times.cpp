#include "pipe/container_times.hpp"

#include <algorithm>
#include <cstdlib>

namespace sluice::pipe {

namespace {
constexpr std::int64_t leaps_a_second = 2;
}

bool ContainerTimes::set(media::Packet& packet, const media::Track& track, std::optional<std::int64_t> dts, std::optional<std::int64_t> pts, std::int64_t one) {
  if (track.codec == media::Codec::aac && packet.duration > 0) {
    packet.duration = packet.duration > 1536 ? 2048 : 1024;  // the container may have rounded it
  }
  packet.dts = dts ? *dts : next_dts_ ? *next_dts_ : pts.value_or(0);
  packet.pts = pts.value_or(packet.dts);
  if (track.kind() == media::Kind::audio) {
    // Containers that count milliseconds jitter; samples do not.
    const std::int64_t slack = std::max<std::int64_t>(2 * one, 1);
    if (next_dts_ && std::abs(packet.dts - *next_dts_) <= slack) packet.dts = *next_dts_;
    packet.pts = packet.dts;
  }
  bool moved = false;
  if (last_dts_ && packet.dts <= *last_dts_ && *last_dts_ - packet.dts < track.timescale / leaps_a_second) {
    packet.dts = *last_dts_ + 1;
    moved = true;
  }
  if (packet.pts < packet.dts) {
    packet.pts = packet.dts;
    moved = true;
  }
  last_dts_ = packet.dts;
  next_dts_ = packet.dts + packet.duration;
  return moved;
}

}  // namespace sluice::pipe
