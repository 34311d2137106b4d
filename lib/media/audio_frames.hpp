#pragma once
#include <cstdint>

#include "base/bytes.hpp"
#include "media/track.hpp"

namespace sluice::media {

// Samples in an audio packet, at the track's sample rate; 0 when the codec does not tell.
std::uint32_t audio_frame_length(const Track& track, ByteView packet);

}  // namespace sluice::media
