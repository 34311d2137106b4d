#pragma once
// Shedder: decides which rung a machine that cannot keep up gives up, and when it comes back. Dearest first; one change at a
// time; a backlog that shrinks by itself (after a restart, a burst) sheds nothing unless it is beyond all patience.
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
  milliseconds most_lag{8000};    // this far behind: shed even while it catches up
  milliseconds window{2000};      // over which "catching up" is judged
  milliseconds settle{3000};      // after a change, before the next shedding
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

  // Tell it the lag a few times a second; does at most one thing at a time.
  std::optional<Change> tick(Steady now, microseconds lag);
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
    microseconds lag;
  };
  bool behind(Steady now, microseconds lag);

  ShedPolicy policy_;
  std::vector<Rung> rungs_;
  std::deque<Sample> samples_;
  std::optional<Steady> changed_, calm_since_;
  bool behind_ = false;
};

}  // namespace sluice::media
