#include "media/pace.hpp"

#include <algorithm>
#include <utility>

namespace sluice::media {

void Pace::arrived(microseconds media, Steady now) {
  const Delay delay = now.time_since_epoch() - media;
  if (recent_ == Delay::max()) stretch_began_ = now;
  if (now - stretch_began_ >= policy_.memory) {
    stretch_began_ = now;
    earlier_ = std::exchange(recent_, delay);
    settled_ = std::max(settled_, least());  // a stream that has fallen behind
  }
  recent_ = std::min(recent_, delay);
  if (settled_ == Delay::max() || delay < settled_ - policy_.jitter) {
    settled_ = delay;
    settled_since_ = now;
  }
}

std::optional<Steady> Pace::rest(microseconds media, Steady now) const {
  if (settled_ == Delay::max() || now - settled_since_ < policy_.settle) return std::nullopt;
  const Steady until = std::min(Steady(least() + media) - policy_.margin, now + policy_.longest);
  if (until - now < policy_.worth) return std::nullopt;
  return until;
}

}  // namespace sluice::media
