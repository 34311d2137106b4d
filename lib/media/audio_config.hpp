#pragma once
// AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1), OpusHead (RFC 7845 5.1), FLAC's STREAMINFO (RFC 9639 8.2).
#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace sluice::media {

struct AudioParameters {
  std::uint32_t sample_rate = 0;   // Hz, as decoders put it out: with SBR the doubled one
  std::uint32_t channels = 0;      // 0: told by a program config element or in the frames
  unsigned object_type = 0;        // AAC: 2 LC, 5 HE (SBR), 29 HE v2 (PS)
  std::uint32_t core_sample_rate = 0;  // AAC: of the frames of 1,024 samples
};

Result<AudioParameters> read_audio_specific_config(ByteView config);
Result<AudioParameters> read_opus_head(ByteView config);
// With or without the "fLaC" marker in front.
Result<AudioParameters> read_flac_stream_info(ByteView config);

}  // namespace sluice::media
