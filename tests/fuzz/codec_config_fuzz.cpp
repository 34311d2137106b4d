// rooms: media
// Decoder configurations: the first byte chooses the codec.
#include <cstdlib>

#include "media/codec_config.hpp"
#include "media/vp9_frame.hpp"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView config = std::as_bytes(std::span(data + 1, size - 1));
  media::Track track{.codec = static_cast<media::Codec>(data[0] % 10)};
  track.config.assign(config.begin(), config.end());
  const bool described = media::describe(track).has_value();
  if (described && (track.width > 65'536 || track.height > 65'536 || track.frame_rate.den <= 0)) std::abort();
  media::codec_string(track);
  static_cast<void>(media::nal_length_size(track));
  if (const auto size = media::read_vp9_keyframe(config); size && (size->width > 65'536 || size->height == 0)) std::abort();
  return 0;
}
