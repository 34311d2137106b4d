#include "media/parameter_sets.hpp"

#include <numeric>

namespace sluice::media {

Bytes raw_payload(ByteView nal) {
  Bytes raw;
  raw.reserve(nal.size());
  int zeros = 0;
  for (const std::byte b : nal) {
    if (zeros >= 2 && b == std::byte{3}) {
      zeros = 0;
      continue;
    }
    zeros = b == std::byte{0} ? zeros + 1 : 0;
    raw.push_back(b);
  }
  return raw;
}

void skip_display_information(BitReader& bits) {
  constexpr std::uint32_t extended_sar = 255;
  if (bits.flag() && bits.u(8) == extended_sar) bits.skip(32);
  if (bits.flag()) bits.skip(1);  // overscan
  if (bits.flag()) {              // video signal type
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {  // chroma location
    bits.ue();
    bits.ue();
  }
}

Rational frame_rate_of(std::uint64_t ticks_a_second, std::uint64_t ticks_a_frame) {
  constexpr std::uint64_t fastest = 1000, slowest = 100;  // frames a second, seconds a frame
  constexpr std::uint64_t largest = 0x7fff'ffff;
  if (ticks_a_second == 0 || ticks_a_frame == 0) return {0, 1};
  const std::uint64_t common = std::gcd(ticks_a_second, ticks_a_frame);
  const std::uint64_t num = ticks_a_second / common, den = ticks_a_frame / common;
  if (num > largest || den > largest || num > den * fastest || den > num * slowest) return {0, 1};
  return {static_cast<std::int64_t>(num), static_cast<std::int64_t>(den)};
}

}  // namespace sluice::media
