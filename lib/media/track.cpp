#include "media/track.hpp"

namespace sluice::media {

std::string_view name(Codec codec) {
  switch (codec) {
    case Codec::h264: return "h264";
    case Codec::hevc: return "hevc";
    case Codec::av1: return "av1";
    case Codec::vp9: return "vp9";
    case Codec::aac: return "aac";
    case Codec::opus: return "opus";
    case Codec::mp3: return "mp3";
    case Codec::flac: return "flac";
    case Codec::ac3: return "ac3";
    case Codec::eac3: return "eac3";
  }
  return "unknown";
}

Kind kind_of(Codec codec) {
  switch (codec) {
    case Codec::h264:
    case Codec::hevc:
    case Codec::av1:
    case Codec::vp9:
      return Kind::video;
    default:
      return Kind::audio;
  }
}

std::int64_t rescale(std::int64_t value, std::int64_t from, std::int64_t to) {
  const __int128 product = static_cast<__int128>(value) * to;
  const __int128 half = from / 2;
  return static_cast<std::int64_t>((product + (product < 0 ? -half : half)) / from);
}

}  // namespace sluice::media
