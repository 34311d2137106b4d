#pragma once
// What a NAL unit of H.264 (7.4.1, table 7-1) or HEVC (H.265 7.4.2.2, table 7-1) is, by its header. `unit`: not empty, without a start
// code or a length.
#include "base/bytes.hpp"
#include "media/track.hpp"

namespace sluice::media::nal {

inline unsigned type_of(Codec codec, ByteView unit) {
  const auto first = static_cast<unsigned>(unit[0]);
  return codec == Codec::h264 ? first & 0x1f : first >> 1 & 0x3f;
}
inline bool delimits(Codec codec, unsigned type) { return type == (codec == Codec::h264 ? 9u : 35u); }
inline bool is_picture(Codec codec, unsigned type) { return codec == Codec::h264 ? type >= 1 && type <= 5 : type <= 31; }
inline bool is_sps(Codec codec, unsigned type) { return type == (codec == Codec::h264 ? 7u : 33u); }
inline bool is_pps(Codec codec, unsigned type) { return type == (codec == Codec::h264 ? 8u : 34u); }
inline bool is_parameter_set(Codec codec, unsigned type) {
  return codec == Codec::h264 ? type == 7 || type == 8 : type >= 32 && type <= 34;
}
// IDR; HEVC: BLA, IDR and CRA, which encoders with open GOPs send instead.
inline bool is_random_access(Codec codec, unsigned type) { return codec == Codec::h264 ? type == 5 : type >= 16 && type <= 21; }

}  // namespace sluice::media::nal
