#pragma once
// AV1CodecConfigurationRecord (AV1-ISOBMFF 2.3.3) and the sequence header OBU in it (AV1 5.5).
#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "media/track.hpp"

namespace sluice::media {

struct Av1Parameters {
  unsigned profile = 0;                 // 0 main, 1 high, 2 professional
  unsigned level = 0;                   // seq_level_idx: 8 is level 4.0
  bool high_tier = false;
  unsigned bit_depth = 8;               // 8, 10 or 12
  std::uint32_t width = 0, height = 0;  // largest frame; 0 where the record has no sequence header
  Rational frame_rate{0, 1};            // 0: not told
};

Result<Av1Parameters> read_av1_config(ByteView config);

}  // namespace sluice::media
