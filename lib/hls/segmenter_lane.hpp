#pragma once
// Inside the segmenter only: a rendition's cutter, and what waits for the video that leads.
#include "hls/segmenter.hpp"

namespace sluice::hls {

// A hole longer than this is another timeline: a discontinuity, rather than hours of gap parts.
inline constexpr microseconds longest_hole{60'000'000};

struct Segmenter::Lane {
  Lane(const LedgerHeader& header, const media::Track& track, std::optional<std::uint32_t> init,
       Boundaries& boundaries)
      : cutter(header, track, init, boundaries) {}
  RenditionCutter cutter;
  bool follows = false;  // another lane's video decides for it
  bool gone = false;     // the ledger holds it, and no track feeds it
  std::deque<media::Packet> waiting;
  Steady heard{};        // when the last packet of it came

  bool video() const { return cutter.track().kind() == media::Kind::video; }
  // What the leading video must have reached before the packet's place is decided: its boundaries are pictures' times.
  microseconds decided_at(const media::Packet& packet) const {
    return to_us(video() && packet.key ? packet.pts : packet.dts, cutter.track().timescale);
  }
};

}  // namespace sluice::hls
