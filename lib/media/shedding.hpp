#pragma once
// Shedder: decides which rung a machine that cannot keep up gives up, and when it comes back. Dearest first; one change at a
// time. What counts is whether output comes faster than real time: a backlog that is worked off (after a restart, a burst) sheds nothing,
// however much of it is still being read, unless it is beyond all patience and shrinks slowly.
// A rung that had to go again soon after its return waits twice as long the next time.
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.hpp"

namespace sluice::media {

struct ShedPolicy {
  milliseconds lag{1500};         // output this far behind input, and not catching up: shed
  milliseconds most_lag{8000};    // this far behind: it has to catch up by a second in four, or a rung is shed
  milliseconds window{2000};      // over which "catching up" is judged
  milliseconds settle{3000};      // after the start or a change, before the next shedding
  milliseconds calm_lag{500};     // below it the machine keeps up
  milliseconds quiet{30'000};     // of calm before a rung returns
  milliseconds relapse{60'000};   // shed again this soon after its return: its quiet time doubles
  milliseconds most_quiet{600'000};
};

class Shedder {
 public:
  struct Change {
    std::size_t rung;
    bool shed;  // false: it returns
  };
  // `rungs` may be shed, 0 is the dearest.
  explicit Shedder(std::size_t rungs, ShedPolicy policy = {});

  // Tell it a few times a second how far input and output have come, in media time; does at most one thing at a time.
  std::optional<Change> tick(Steady now, microseconds input, microseconds output);
  bool shed(std::size_t rung) const { return rungs_[rung].shed; }
  bool exhausted() const;  // it cannot keep up and there is nothing left to shed

 private:
  struct Rung {
    bool shed = false;
    milliseconds quiet;
    std::optional<Steady> returned;
  };
  struct Sample {
    Steady at;
    microseconds output;
  };
  bool behind(Steady now, microseconds lag, microseconds output);

  ShedPolicy policy_;
  std::vector<Rung> rungs_;
  std::deque<Sample> samples_;
  std::optional<Steady> changed_, calm_since_;
  bool behind_ = false;
};

}  // namespace sluice::media
