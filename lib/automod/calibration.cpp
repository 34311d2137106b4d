#include "automod/calibration.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::automod {

namespace {
constexpr int most_steps = 100;
constexpr double enough = 1e-9;
}  // namespace

Line calibrated(const std::vector<Observed>& observed, double share) {
  const auto positive = static_cast<double>(std::ranges::count(observed, true, &Observed::is));
  const double negative = static_cast<double>(observed.size()) - positive;
  if (positive == 0 || negative == 0) return {};
  // Platt's targets: as if one more of each had been seen, so that what is told apart wholly is not certain.
  const double high = (positive + 1) / (positive + 2), low = 1 / (negative + 2);
  Line line{1, std::log(share / (1 - share))};
  for (int step = 0; step < most_steps; ++step) {  // Newton's
    double g0 = 0, g1 = 0, h00 = enough, h01 = 0, h11 = enough;
    for (const Observed& one : observed) {
      const double weight = one.is ? share / positive : (1 - share) / negative;
      const double p = 1 / (1 + std::exp(-(line.slope * one.margin + line.offset)));
      const double error = weight * (p - (one.is ? high : low)), curve = weight * p * (1 - p);
      g0 += error * one.margin;
      g1 += error;
      h00 += curve * one.margin * one.margin;
      h01 += curve * one.margin;
      h11 += curve;
    }
    const double determinant = h00 * h11 - h01 * h01;
    if (determinant <= 0) break;
    const double d0 = (h11 * g0 - h01 * g1) / determinant, d1 = (h00 * g1 - h01 * g0) / determinant;
    const double limit = std::max({1., std::abs(d0) / 2, std::abs(d1) / 4});  // no leaps
    line.slope -= d0 / limit;
    line.offset -= d1 / limit;
    if (std::abs(d0) + std::abs(d1) < enough) break;
  }
  line.slope = std::max(line.slope, 0.);
  return line;
}

}  // namespace sluice::automod
