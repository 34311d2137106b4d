#include "media/audio_frames.hpp"

namespace sluice::media {

namespace {
// RFC 6716 section 3.1: the TOC byte.
std::uint32_t opus_samples(ByteView packet) {
  if (packet.empty()) return 960;
  const auto toc = static_cast<unsigned>(packet[0]);
  const unsigned config = toc >> 3;
  constexpr std::uint32_t silk[] = {480, 960, 1920, 2880}, hybrid[] = {480, 960}, celt[] = {120, 240, 480, 960};
  const std::uint32_t frame = config < 12 ? silk[config % 4] : config < 16 ? hybrid[config % 2] : celt[config % 4];
  switch (toc & 3) {
    case 0: return frame;
    case 3: return packet.size() > 1 ? frame * (static_cast<unsigned>(packet[1]) & 0x3f) : frame;
    default: return frame * 2;
  }
}
}  // namespace

std::uint32_t audio_frame_length(const Track& track, ByteView packet) {
  switch (track.codec) {
    case Codec::aac: {
      // ISO/IEC 14496-3 1.6.2.1: object types 5 and 29 (SBR) put out twice the core's 1024 samples.
      const unsigned type = track.config.empty() ? 2 : static_cast<unsigned>(track.config[0]) >> 3;
      return type == 5 || type == 29 ? 2048 : 1024;
    }
    case Codec::opus: return opus_samples(packet);
    case Codec::mp3: return track.sample_rate >= 32'000 ? 1152 : 576;
    case Codec::ac3: return 1536;
    default: return 0;
  }
}

}  // namespace sluice::media
