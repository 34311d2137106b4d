#include "pipe/container_timeline.hpp"

#include <algorithm>

namespace sluice::pipe {

namespace {
// Fine enough for every track's ticks; it wraps once a year.
constexpr media::PublisherClock fine{9'000'000, 48};

// A file may come as fast as it is read.
constexpr media::TimelinePolicy policy{.lone_jump = milliseconds(2'000), .paced = false};
}  // namespace

ContainerTimeline::ContainerTimeline(const std::vector<media::Track>& tracks, std::int64_t first_us) : first_us_(first_us), timeline_(policy) {
  timeline_.begin(static_cast<std::uint64_t>(media::rescale(first_us, 1'000'000, fine.rate)), 0, fine);
  for (const media::Track& track : tracks) {
    timeline_.set_track(timescales_.size(), track.kind(), track.timescale, 0);
    timescales_.push_back(track.timescale);
  }
}

bool ContainerTimeline::place(media::Packet& packet, Steady now) {
  const std::uint32_t timescale = timescales_[packet.track];
  const auto counted = static_cast<std::uint64_t>(media::rescale(packet.dts, timescale, fine.rate));
  const auto stamp = timeline_.stamp(packet.track, counted, media::rescale(packet.pts - packet.dts, timescale, fine.rate), now);
  if (repairs() > 0) {
    if (stamp) packet.dts = stamp->dts, packet.pts = stamp->pts;
    return stamp.has_value();
  }
  const std::int64_t first = media::rescale(first_us_, 1'000'000, timescale);
  packet.dts -= first;
  packet.pts -= first;
  if (packet.dts == -1) packet.dts = 0;  // rounding
  packet.pts = std::max(packet.pts, packet.dts);
  return true;
}

}  // namespace sluice::pipe
