#pragma once
// Pulse: whether the other end of a job's connection still lives. Each end says a beat every second; silence for longer than its patience
// means that the peer, its machine or the way to it is gone, of which TCP alone tells after minutes.
#include <functional>

#include "base/clock.hpp"
#include "net/loop.hpp"

namespace sluice::transcode {

class Pulse {
 public:
  static constexpr seconds period{1};
  Pulse(net::Loop& loop, milliseconds patience, std::function<void()> beat, std::function<void()> lost)
      : timer_(loop), patience_(patience) {
    timer_.every(period, [this, beat = std::move(beat), lost = std::move(lost)] {
      const Steady now = system_clock().steady();
      if (now - ticked_ > 2 * period) heard_ = now;  // it was us who stood still: what came meanwhile is not read yet
      ticked_ = now;
      if (!deaf_ && now - heard_ > patience_) return lost();
      beat();
    });
  }
  void heard() { heard_ = system_clock().steady(); }
  void deaf(bool now) {  // we read nothing ourselves: silence says nothing
    deaf_ = now;
    heard();
  }

 private:
  net::Timer timer_;
  milliseconds patience_;
  Steady heard_ = system_clock().steady(), ticked_ = heard_;
  bool deaf_ = false;
};

}  // namespace sluice::transcode
