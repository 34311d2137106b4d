#include "media/publisher_track.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace sluice::media {

namespace {
constexpr std::size_t keys_remembered = 4;

bool stands_in(const std::deque<std::uint64_t>& keys, std::uint64_t raw, PublisherClock clock) {
  return std::ranges::any_of(keys, [&](std::uint64_t key) { return same_instant(clock, key, raw); });
}
}  // namespace

std::int64_t ticks_between(PublisherClock clock, std::uint64_t from, std::uint64_t to) {
  const unsigned unused = 64 - clock.bits;
  return static_cast<std::int64_t>((to - from) << unused) >> unused;
}

bool same_instant(PublisherClock clock, std::uint64_t a, std::uint64_t b) {
  return std::abs(ticks_between(clock, a, b)) * 100 <= clock.rate;
}

void PublisherTrack::count(std::uint64_t raw, std::size_t most) {
  counted.push_back(raw);
  if (counted.size() > most) counted.pop_front();
}

void PublisherTrack::measure_rate(PublisherClock clock) {
  if (!track || kind != Kind::video || track->frame_rate.num > 0) return;
  std::int64_t sum = 0, steps = 0;
  for (std::size_t i = 1; i < counted.size(); ++i) {
    const std::int64_t step = ticks_between(clock, counted[i - 1], counted[i]);
    if (step <= 0 || step >= clock.rate) continue;
    sum += step;
    ++steps;
  }
  if (steps < 2) return;
  const double fps = static_cast<double>(clock.rate) * static_cast<double>(steps) / static_cast<double>(sum);
  constexpr double near = 0.03;  // milliseconds are coarse
  for (const std::int64_t usual : {30, 60, 25, 50, 24, 15, 20, 10, 12, 5, 48, 120}) {
    if (std::abs(fps / static_cast<double>(usual) - 1) > near) continue;
    track->frame_rate = {usual, 1};
    return;
  }
  track->frame_rate = {std::max<std::int64_t>(1, std::llround(fps)), 1};
}

void PublisherTrack::note_key(std::uint64_t raw, std::uint64_t presented) {
  keys.push_back(raw);
  if (keys.size() > keys_remembered) keys.pop_front();
  shown.push_back(presented);
  if (shown.size() > keys_remembered) shown.pop_front();
}

// A track may have keyframes between the leading one's, and need not have one at each: astray is one whose last keyframe none of
// the leading track's stands beside. With B-frames pictures of one time are decoded at different ones.
void PublisherTrack::compare_keys(const PublisherTrack& lead, std::uint64_t raw, std::uint64_t presented, PublisherClock clock) {
  precedes = !keys.empty() && same_instant(clock, keys.back(), raw);
  if (shown.empty() || lead.shown.empty()) return;
  const bool beside_this = same_instant(clock, shown.back(), presented), beside_last = stands_in(shown, lead.shown.back(), clock);
  astray = !beside_this && !beside_last && !stands_in(lead.shown, shown.back(), clock);
}

}  // namespace sluice::media
