#pragma once
// Sequence parameter sets of H.264 (7.3.2.1.1) and HEVC (H.265 7.3.2.2): as much of them as tells the picture.
#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "media/bit_reader.hpp"
#include "media/track.hpp"

namespace sluice::media {

struct SequenceParameters {
  std::uint32_t width = 0, height = 0;  // of the picture shown, after cropping; 1…65,535
  Rational frame_rate{0, 1};            // 0: not told
  bool fixed_frame_rate = false;        // H.264 fixed_frame_rate_flag
  std::uint32_t reordered_frames = 0;   // that may come before a frame in decoding and after it in output; 0 also where it is not told
};

// `nal`: the NAL unit with its header, without a start code. Errors (Errc::invalid): cut short, or values that no stream has.
Result<SequenceParameters> read_h264_sps(ByteView nal);
Result<SequenceParameters> read_hevc_sps(ByteView nal);

// In lowest terms; {0, 1} where no camera does that (above 1,000 frames a second, below one in 100 s).
Rational frame_rate_of(std::uint64_t ticks_a_second, std::uint64_t ticks_a_frame);

// What video usability information begins with in both (H.264 E.1.1, H.265 E.2.1): aspect ratio, overscan, signal type, chroma location.
void skip_display_information(BitReader& bits);

// The NAL unit's bytes without emulation prevention (H.264 7.4.1): 00 00 03 becomes 00 00.
Bytes raw_payload(ByteView nal);

}  // namespace sluice::media
