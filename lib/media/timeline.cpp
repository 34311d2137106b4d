#include "media/timeline.hpp"

#include <algorithm>
#include <cstdlib>

namespace sluice::media {

namespace {
constexpr std::int64_t micro = 1'000'000;
constexpr std::int64_t wrap24 = 1LL << 24;

std::int64_t us(milliseconds time) { return time.count() * 1000; }
}  // namespace

void Timeline::begin(std::uint32_t raw_ms, std::int64_t source_us) {
  first_raw_ = raw_ms;
  first_us_ = source_us;
  for (Clocking& track : tracks_) {
    const std::int64_t next = track.next;
    track = Clocking{};
    track.next = next;
  }
}

void Timeline::set_track(std::size_t index, Kind kind, std::uint32_t timescale, std::uint32_t frame) {
  if (index >= tracks_.size()) tracks_.resize(index + 1);
  Clocking& track = tracks_[index];
  if (track.next != INT64_MIN && track.timescale != timescale)
    track.next = rescale(track.next, track.timescale, timescale) + 1;
  track.known = true;
  track.kind = kind;
  track.timescale = timescale;
  track.frame = frame;
}

// The clock value nearest to the track's last one (or to the start) that has these low bits.
std::int64_t Timeline::unwrap(const Clocking& track, std::uint32_t raw_ms) const {
  const std::int64_t last = track.started ? track.raw : first_raw_;
  const auto delta = static_cast<std::int32_t>(raw_ms - static_cast<std::uint32_t>(last));
  // An encoder with a 24-bit clock: from just below 2^24 to just above 0.
  if (raw_ms < wrap24 && std::abs(delta + wrap24) < policy_.forward_jump.count()) return last + delta + wrap24;
  return last + delta;
}

std::int64_t Timeline::end_of(const Clocking& track) const {
  return rescale(track.next, track.timescale, micro);
}

// Whether the track's clock has jumped to `raw`; if so its offset is set anew.
bool Timeline::repair(Clocking& track, std::int64_t raw, Steady now) {
  const std::int64_t moved = (raw - track.raw) * 1000;
  const std::int64_t waited = std::chrono::duration_cast<microseconds>(now - track.seen).count();
  const bool back = moved < -us(policy_.backward_jump);
  const bool ahead = moved > us(policy_.forward_jump) && moved > waited + us(policy_.honest_gap);
  if (!back && !ahead) return false;

  const std::int64_t expected = track.raw * 1000 + track.offset_us + track.step_us;
  track.offset_us = expected - raw * 1000;
  for (const Clocking& other : tracks_) {
    if (&other == &track || !other.started) continue;
    // The other's clock may be on the far side of a wrap that this one has not seen, or the other way round.
    const std::int64_t theirs = other.raw + static_cast<std::int32_t>(static_cast<std::uint32_t>(raw) -
                                                                      static_cast<std::uint32_t>(other.raw));
    const std::int64_t joined = theirs * 1000 + other.offset_us;
    if (std::abs(joined - expected) > us(policy_.follow)) continue;
    track.offset_us = joined - raw * 1000;
    break;
  }
  ++repairs_;
  return true;
}

std::optional<Timeline::Stamp> Timeline::stamp(std::size_t index, std::uint32_t raw_ms, std::int32_t composition_ms,
                                               Steady now) {
  if (index >= tracks_.size() || !tracks_[index].known) return std::nullopt;
  Clocking& track = tracks_[index];
  const std::int64_t raw = unwrap(track, raw_ms);
  Stamp out;
  if (!track.started) {
    // A track that starts far off the publisher's first clock value starts where the stream is now.
    track.offset_us = first_us_ - first_raw_ * 1000;
    const std::int64_t at = raw * 1000 + track.offset_us;
    if (at > std::max(reached_us_, first_us_) + us(policy_.forward_jump) || at < first_us_ - us(policy_.forward_jump)) {
      track.offset_us = std::max(reached_us_, first_us_) - raw * 1000;
      out.repaired = true;
      ++repairs_;
    } else if (at < first_us_) {
      return std::nullopt;
    }
    track.started = true;
  } else {
    out.repaired = repair(track, raw, now);
    if (!out.repaired && raw > track.raw) track.step_us = std::min<std::int64_t>((raw - track.raw) * 1000, micro);
  }
  track.raw = raw;
  track.seen = now;

  const std::int64_t at_us = raw * 1000 + track.offset_us;
  const std::int64_t at = rescale(at_us, micro, track.timescale);
  if (track.kind == Kind::audio && track.frame > 0) {
    const std::int64_t snap = rescale(us(policy_.snap), micro, track.timescale);
    out.dts = at;
    if (track.next != INT64_MIN) {
      if (at < track.next - std::max<std::int64_t>(snap, track.frame)) return std::nullopt;
      if (at <= track.next + snap) out.dts = track.next;
    }
    out.pts = out.dts;
    out.duration = track.frame;
    track.next = out.dts + track.frame;
    reached_us_ = std::max(reached_us_, end_of(track));
    return out;
  }
  out.dts = track.next == INT64_MIN ? at : std::max(at, track.next);
  const std::int64_t composed = at + rescale(composition_ms, 1000, track.timescale);
  out.pts = track.kind == Kind::video ? std::max(composed, out.dts) : out.dts;
  track.next = out.dts + 1;
  reached_us_ = std::max(reached_us_, rescale(out.dts, track.timescale, micro) + track.step_us);
  return out;
}

}  // namespace sluice::media
