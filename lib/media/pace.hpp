#pragma once
// Pace: how a live stream's packets come in, so that its reader may rest while what it waits for cannot have come yet. A part of
// half a second is written once: being woken for each of its 40 packets costs more than writing it. Resting halved segmenter's CPU.
// A stream that comes faster than real time, or whose delay still shrinks, gives no rest. Sans-IO.
#include <optional>

#include "base/clock.hpp"

namespace sluice::media {

struct PacePolicy {
  milliseconds settle{1'000};   // so long must no packet have come earlier than those before it, give or take…
  milliseconds jitter{5};       // …this
  milliseconds margin{5};       // rest ends so long before what is awaited can come at the earliest
  milliseconds longest{500};    // of one rest: by then the pipe may be full
  milliseconds worth{10};       // a shorter rest is none
  milliseconds memory{10'000};  // the least delay counts for one to two of these
};

class Pace {
 public:
  explicit Pace(PacePolicy policy = {}) : policy_(policy) {}

  // A packet of this decode time has been read.
  void arrived(microseconds media, Steady now);
  // Until when no packet from `media` on can come; nothing when it may be here at once.
  std::optional<Steady> rest(microseconds media, Steady now) const;

 private:
  using Delay = Steady::duration;  // clock − decode time
  Delay least() const { return recent_ < earlier_ ? recent_ : earlier_; }

  PacePolicy policy_;
  Delay recent_ = Delay::max(), earlier_ = Delay::max();  // the least, in this stretch of `memory` and the one before
  Delay settled_ = Delay::max();
  Steady settled_since_{}, stretch_began_{};
};

}  // namespace sluice::media
