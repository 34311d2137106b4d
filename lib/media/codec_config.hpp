#pragma once
// What a decoder configuration tells: picture size, frame rate, sample rate, channels, and the codec's name for players.
// Reads avcC and hvcC (ISO/IEC 14496-15) with their SPS (H.264 7.3.2.1, H.265 7.3.2.2), av1C (AV1-ISOBMFF 2.3), vpcC,
// AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1), OpusHead (RFC 7845 5.1) and FLAC's STREAMINFO (RFC 9639 8.2).
#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "media/parameter_sets.hpp"
#include "media/track.hpp"

namespace sluice::media {

// Fills width, height and frame_rate (video) or sample_rate and channels (audio) of a track from its codec and config.
// What the config does not tell is left as it was (frame rate without VUI timing; size of VP9; everything of MP3 and AC-3,
// which have no config). Opus may come without one (Enhanced RTMP): stereo then, unless told. Errors (Errc::invalid): the config is cut short or breaks its format.
Result<> describe(Track& track);

// RFC 6381 name for HLS CODECS and MSE: "avc1.64001f", "hvc1.1.6.L93.B0", "av01.0.04M.08", "vp09.00.31.08", "mp4a.40.2",
// "opus", "fLaC", "mp4a.40.34", "ac-3", "ec-3". Empty where the config is needed and broken.
std::string codec_string(const Track& track);

// The first sequence parameter set of an avcC or hvcC. Errors (Errc::invalid): another codec, or broken.
Result<SequenceParameters> sequence_parameters(const Track& track);

// Bytes of a NAL unit's length prefix that an avcC or hvcC announces: 1, 2 or 4.
Result<unsigned> nal_length_size(const Track& track);

}  // namespace sluice::media
