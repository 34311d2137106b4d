#pragma once
// The picture size in a VP9 keyframe (VP9 Bitstream & Decoding Process Specification 6.2): vpcC does not tell it.
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace sluice::media {

struct PictureSize {
  std::uint32_t width = 0, height = 0;
  bool operator==(const PictureSize&) const = default;
};

// Nothing when the frame is no keyframe, or broken. `frame` may be a superframe: its first frame counts.
std::optional<PictureSize> read_vp9_keyframe(ByteView frame);

}  // namespace sluice::media
