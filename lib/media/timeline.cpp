#include "media/timeline.hpp"

#include <algorithm>
#include <cstdlib>

namespace sluice::media {

namespace {
constexpr std::int64_t fine = 9'000'000;  // a second in units that hold milliseconds, microseconds and 1/90000 s exactly
constexpr std::int64_t fine_us = fine / micro;
constexpr unsigned bits24 = 24;

std::int64_t in_fine(milliseconds time) { return time.count() * (fine / 1000); }
}  // namespace

void Timeline::begin(std::uint64_t raw, std::int64_t source_us, PublisherClock clock) {
  clock_ = clock;
  tick_ = fine / clock.rate;
  first_raw_ = static_cast<std::int64_t>(raw & ((std::uint64_t{1} << clock.bits) - 1));
  first_us_ = source_us;
  wide_ = false;
  for (Clocking& track : tracks_) {
    const std::int64_t next = track.next, shown = track.shown;
    track = Clocking{};
    track.next = next;
    track.shown = shown;
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

void Timeline::shift(std::int64_t us, Steady now) {
  first_us_ += us;
  reached_us_ += us;
  for (Clocking& track : tracks_) {
    const std::int64_t ticks = rescale(us, micro, track.timescale);
    track.offset += us * fine_us;
    if (track.beside) *track.beside += us * fine_us;
    track.seen = now;
    if (track.next != INT64_MIN) track.next += ticks;
    track.shown += ticks;
    if (track.behind) track.behind->since += ticks;
  }
}

bool Timeline::follows(std::size_t index, std::uint64_t raw) const {
  if (index >= tracks_.size() || !tracks_[index].started) return false;
  const Clocking& track = tracks_[index];
  return std::abs(unwrap(track.raw, raw) - track.raw) * tick_ <= std::max(in_fine(policy_.backward_jump), 2 * track.step);
}

// The shortest way from one clock value to another, of which the clock's bits count.
std::int64_t Timeline::distance(std::uint64_t from, std::uint64_t to) const {
  const unsigned unused = 64 - clock_.bits;
  return static_cast<std::int64_t>((to - from) << unused) >> unused;
}

// The clock value nearest to another, unwrapped one that has these low bits. An RTMP encoder that counts in 24 bits never shows
// more: its clock goes on from just below 2^24 to just above 0, time and again.
std::int64_t Timeline::unwrap(std::int64_t near, std::uint64_t raw) const {
  if (clock_ == rtmp_clock && !wide_) {
    const std::int64_t delta = static_cast<std::int64_t>((raw - static_cast<std::uint64_t>(near)) << (64 - bits24)) >> (64 - bits24);
    if (std::abs(delta) < policy_.forward_jump.count()) return near + delta;
  }
  return near + distance(static_cast<std::uint64_t>(near), raw);
}

std::int64_t Timeline::end_of(const Clocking& track) const {
  return rescale(track.next, track.timescale, micro);
}

// Whether the clock tells what it has told for a while. No two packets of a track have one time, so it stands still, or is coarse: `raw` is then
// as many frames later as there have been packets. Slices of one picture come in one moment, and a picture may be late by a frame.
bool Timeline::stands(Clocking& track, std::uint64_t counted, Steady now, std::int64_t& raw) const {
  if (!policy_.paced || !track.told || track.told->counted != counted) return false;
  Clocking::Told& told = *track.told;
  ++told.again;
  const std::int64_t frame = track.frame > 0 ? rescale(track.frame, track.timescale, fine) : told.step;
  const std::int64_t come = std::chrono::duration_cast<microseconds>(now - told.first).count() * fine_us;
  if (track.kind == Kind::video && std::max(come, told.grain) <= 3 * frame) return false;
  const std::int64_t most = std::max(come + in_fine(policy_.ahead), told.grain);
  const std::int64_t since = std::max(std::min(told.again * frame, most), come - in_fine(policy_.behind));
  raw = std::max(told.raw + since / tick_, track.raw);
  track.step = frame;
  return true;
}

void Timeline::note_told(Clocking& track, std::uint64_t counted, Steady now) const {
  if (track.told && track.told->counted == counted) return;
  const std::int64_t grain = track.told ? std::max<std::int64_t>((track.raw - track.told->raw) * tick_, 0) : 0;
  track.told = Clocking::Told{.counted = counted, .raw = track.raw, .first = now, .step = track.step, .grain = grain};
}

// How far the others are that still come.
std::optional<std::int64_t> Timeline::others(const Clocking& track, Steady now) const {
  std::optional<std::int64_t> furthest;
  for (const Clocking& other : tracks_) {
    if (&other == &track || !other.started || now - other.seen > policy_.honest_gap) continue;
    furthest = std::max(furthest.value_or(INT64_MIN), source_of(other));
  }
  return furthest;
}

// Only this track's clock leaves that time out: the others stand about where it stood, and have not gone on by as much since, as they do while one
// of several tracks is sent late.
bool Timeline::leaps_alone(const Clocking& track, std::int64_t moved, Steady now) const {
  const auto there = others(track, now);
  return there && *there - source_of(track) < moved / 2 && *there - track.beside.value_or(*there) < moved / 2;
}

// Where the clock value is by the clock of another track, if that is near to where it was expected; or if a clock that has gone back, so far, comes to
// where the other is now: it had gone ahead, by too little to be noticed.
std::optional<std::int64_t> Timeline::joined(const Clocking& track, std::uint64_t counted, std::int64_t expected, std::int64_t moved) const {
  // Nearer than half way: the other may stand where this one has come from.
  const std::int64_t near = std::abs(moved) / 2, follow = in_fine(policy_.follow);
  for (const Clocking& other : tracks_) {
    if (&other == &track || !other.started) continue;
    // The other's clock may be on the far side of a wrap that this one has not seen, or the other way round.
    const std::int64_t raw = unwrap(other.raw, counted), there = raw * tick_ + other.offset;
    const bool met = moved < 0 && std::abs(raw - other.raw) * tick_ < near;
    if (std::abs(there - expected) <= (met ? follow : std::min(follow, near))) return there;
  }
  return std::nullopt;
}

// Whether the track's clock has jumped to `raw`; if so its offset is set anew, and `raw` counted from its bits.
bool Timeline::repair(Clocking& track, std::int64_t& raw, std::uint64_t counted, Steady now) {
  const std::int64_t moved = (raw - track.raw) * tick_;
  const std::int64_t waited = std::chrono::duration_cast<microseconds>(now - track.seen).count() * fine_us;
  const std::int64_t expected = source_of(track) + track.step;
  const bool back = moved < -in_fine(policy_.backward_jump);
  const bool early = moved > waited + in_fine(policy_.backward_jump);
  const bool unexplained = moved > waited + in_fine(policy_.honest_gap);
  const bool unusual = track.step > 0 && moved > waited + track.step + in_fine(policy_.lone_jump);
  const bool far = policy_.paced && unexplained && moved > in_fine(policy_.forward_jump);
  if (!back && !early) return false;
  const auto there = joined(track, counted, expected, moved);
  if (!back && !far && !there && !((unexplained || unusual) && leaps_alone(track, moved, now))) return false;

  raw = static_cast<std::int64_t>(counted & ((std::uint64_t{1} << clock_.bits) - 1));
  track.offset = there.value_or(expected) - raw * tick_;
  track.behind.reset();
  ++repairs_;
  return true;
}

// Where a picture of these times is put. After a step back that is no jump its clock is behind: what was put already stays, the rest
// follows at half the pace of time until the clock has caught up, so that decode and presentation order stay as they are and no two
// pictures fall into one instant.
void Timeline::place_picture(Clocking& track, std::int64_t dts, std::int64_t pts, Stamp& out) const {
  std::optional<Clocking::Behind>& behind = track.behind;
  const auto place = [&behind](std::int64_t time) {
    return behind ? std::max(time, std::min(time, (time + behind->since) / 2) + behind->shift) : time;
  };
  out.dts = place(dts);
  if (track.next != INT64_MIN && out.dts < track.next) {
    const std::int64_t expected = track.next - 1 + rescale(track.step, fine, track.timescale);
    const std::int64_t most = rescale(in_fine(policy_.backward_jump), fine, track.timescale);
    const std::int64_t shift = std::max(track.next - dts, std::min(expected - dts, most));
    behind = Clocking::Behind{shift, std::max(dts, track.shown - shift)};
    out.dts = place(dts);
  }
  out.pts = std::max(place(pts), out.dts);
  track.shown = std::max(track.shown, out.pts);
  if (behind && dts >= behind->since + 2 * behind->shift) behind.reset();
}

std::optional<Timeline::Stamp> Timeline::stamp(std::size_t index, std::uint64_t counted, std::int64_t composition, Steady now,
                                               std::uint32_t nanoseconds) {
  if (index >= tracks_.size() || !tracks_[index].known) return std::nullopt;
  Clocking& track = tracks_[index];
  wide_ = wide_ || counted >> bits24 != 0;
  std::int64_t raw = unwrap(track.started ? track.raw : first_raw_, counted);
  Stamp out;
  if (!track.started) {
    // A track that starts far off the publisher's first clock value starts where the stream is now.
    const std::int64_t first = first_us_ * fine_us, reached = std::max(reached_us_, first_us_) * fine_us;
    track.offset = first - first_raw_ * tick_;
    // All tracks of a publisher share its clock, with the jumps and wraps that it has had.
    for (const Clocking& other : tracks_) {
      if (&other == &track || !other.started) continue;
      const std::int64_t theirs = unwrap(other.raw, counted);
      if (std::abs((theirs - other.raw) * tick_) > in_fine(policy_.forward_jump)) continue;
      raw = theirs;
      track.offset = other.offset;
      break;
    }
    const std::int64_t at = raw * tick_ + track.offset;
    if (at > reached + in_fine(policy_.forward_jump) || at < first - in_fine(policy_.follow)) {
      track.offset = reached - raw * tick_;
      out.repaired = true;
      ++repairs_;
    } else if (at < first) {
      return std::nullopt;
    }
    track.started = true;
  } else if (!stands(track, counted, now, raw)) {
    out.repaired = repair(track, raw, counted, now);
    if (!out.repaired && raw > track.raw) track.step = std::min<std::int64_t>((raw - track.raw) * tick_, fine);
  }
  track.raw = raw;
  note_told(track, counted, now);
  track.seen = now;
  track.beside = others(track, now);

  const std::int64_t beyond = std::int64_t{nanoseconds} * fine_us / 1000;
  const std::int64_t at = rescale(raw * tick_ + track.offset + beyond, fine, track.timescale);
  if (track.kind == Kind::audio && track.frame > 0) {
    const std::int64_t snap = rescale(in_fine(policy_.snap), fine, track.timescale);
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
  if (track.kind == Kind::video) {
    const bool shows = std::abs(composition) * tick_ <= in_fine(policy_.reordering);
    place_picture(track, at, shows ? at + rescale(composition, clock_.rate, track.timescale) : at, out);
  } else {
    out.dts = out.pts = track.next == INT64_MIN ? at : std::max(at, track.next);
  }
  track.next = out.dts + 1;
  reached_us_ = std::max(reached_us_, rescale(out.dts, track.timescale, micro) + track.step / fine_us);
  return out;
}

}  // namespace sluice::media
