#include "media/vp9_frame.hpp"

#include "media/bit_reader.hpp"

namespace sluice::media {

std::optional<PictureSize> read_vp9_keyframe(ByteView frame) {
  BitReader bits(frame);
  if (bits.u(2) != 2) return std::nullopt;  // frame_marker
  const unsigned low = bits.u(1), profile = bits.u(1) << 1 | low;
  if (profile == 3) bits.skip(1);
  const bool shows_existing = bits.flag();
  const bool inter = bits.flag();
  bits.skip(2);  // show_frame, error_resilient_mode
  if (shows_existing || inter || bits.u(24) != 0x498342) return std::nullopt;
  // color_config
  constexpr std::uint32_t rgb = 7;
  const bool odd = profile & 1;
  if (profile >= 2) bits.skip(1);
  if (bits.u(3) != rgb) bits.skip(odd ? 4 : 1);
  else if (odd) bits.skip(1);
  PictureSize size;
  size.width = bits.u(16) + 1;
  size.height = bits.u(16) + 1;
  if (bits.failed()) return std::nullopt;
  return size;
}

}  // namespace sluice::media
