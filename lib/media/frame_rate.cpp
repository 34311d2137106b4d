#include "media/frame_rate.hpp"

#include <cmath>
#include <numeric>

namespace sluice::media {

Rational told_frame_rate(double rate) {
  if (!(rate > 1 && rate < 1000)) return {0, 1};
  const double ntsc = rate * 1001 / 1000;
  if (std::abs(rate - std::round(rate)) > 0.005 && std::abs(ntsc - std::round(ntsc)) < 0.005)
    return {std::llround(ntsc) * 1000, 1001};
  const std::int64_t thousandths = std::llround(rate * 1000), common = std::gcd(thousandths, 1000);
  return {thousandths / common, 1000 / common};
}

}  // namespace sluice::media
