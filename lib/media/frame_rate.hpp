#pragma once
#include "media/track.hpp"

namespace sluice::media {

// "29.97" as the fraction that is meant, 30000/1001; {0, 1} outside 1…1000 frames a second.
Rational told_frame_rate(double frames_a_second);

}  // namespace sluice::media
