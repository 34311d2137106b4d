#pragma once
// The byte-stream forms of codecs, turned into the form of media::Packet: H.264/HEVC with start codes (Annex B of H.264
// and H.265) into length-prefixed NAL units with avcC/hvcC (ISO/IEC 14496-15), AAC with ADTS headers (ISO/IEC 14496-3
// 1.A.2.2) into raw frames with an AudioSpecificConfig.
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "media/track.hpp"

namespace sluice::media {

bool has_start_code(ByteView bytes);                    // 00 00 01 or 00 00 00 01 at the start
std::vector<ByteView> nal_units(ByteView byte_stream);  // without start codes and trailing zeros

// avcC or hvcC from the parameter sets among these NAL units; empty when one that is needed is missing, or they are more or longer than
// it has room for.
Bytes decoder_configuration(Codec codec, const std::vector<ByteView>& units);

// Four-byte lengths; access unit delimiters and filler go, and parameter sets that stand in `config` already.
Bytes length_prefixed(Codec codec, const std::vector<ByteView>& units, ByteView config);

// NAL units behind `length_size`-byte lengths, as far as they are whole.
std::vector<ByteView> prefixed_units(ByteView data, unsigned length_size);

// The parameter sets of an avcC or hvcC, as far as they are whole.
std::vector<ByteView> configured_sets(Codec codec, ByteView config);

// The same with Annex B start codes before each: what byte-stream outputs put before a keyframe.
Bytes parameter_sets(Codec codec, ByteView config);

struct AdtsFrame {
  Bytes config;       // AudioSpecificConfig
  std::uint32_t sample_rate = 0;
  std::uint32_t channels = 0;
  std::size_t header = 0;  // bytes before the raw frame
  std::size_t size = 0;    // header and frame
};
std::optional<AdtsFrame> adts(ByteView bytes);

}  // namespace sluice::media
