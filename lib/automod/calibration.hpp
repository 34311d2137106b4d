#pragma once
// Calibration: from what a model says to a probability, by a line on the scale of log odds (Platt, 1999).
#include <vector>

namespace sluice::automod {

struct Observed {
  double margin = 0;
  bool is = false;
};
struct Line {
  double slope = 1, offset = 0;
};
// The line that makes what was observed likeliest where `share` (0 to 1, neither) of all is so, whatever it
// was of the observed. Never falling: where margins say nothing the slope is 0. Without both kinds of
// observations it changes nothing.
Line calibrated(const std::vector<Observed>& observed, double share);

}  // namespace sluice::automod
