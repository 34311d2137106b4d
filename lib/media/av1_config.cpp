#include "media/av1_config.hpp"

#include <algorithm>

#include "media/bit_reader.hpp"
#include "media/parameter_sets.hpp"

namespace sluice::media {

namespace {

std::unexpected<Error> broken_av1c() { return fail(Errc::invalid, "av1C: broken"); }

// 4.10.3: like Exp-Golomb.
std::uint32_t uvlc(BitReader& bits) { return bits.ue(); }

// 5.5.3, 5.5.4
void skip_decoder_model(BitReader& bits, unsigned& delay_bits) {
  delay_bits = bits.u(5) + 1;
  bits.skip(32 + 5 + 5);
}

// The sequence header's size fields come after a list of operating points with optional timing.
void read_sequence_header(ByteView payload, Av1Parameters& av1) {
  BitReader bits(payload);
  bits.skip(3 + 1);  // profile, still picture
  const bool reduced = bits.flag();
  Rational rate{0, 1};
  if (reduced) {
    bits.skip(5);
  } else {
    bool decoder_model = false;
    unsigned delay_bits = 0;
    if (bits.flag()) {  // timing info
      const std::uint32_t units = bits.u(32), scale = bits.u(32);
      if (bits.flag()) {
        const std::uint64_t ticks = uvlc(bits) + 1ull;
        if (ticks <= 0xffff'ffff / std::max(units, 1u)) rate = frame_rate_of(scale, units * ticks);
      }
      decoder_model = bits.flag();
      if (decoder_model) skip_decoder_model(bits, delay_bits);
    }
    const bool initial_delay = bits.flag();
    const unsigned points = bits.u(5) + 1;
    for (unsigned i = 0; i < points && !bits.failed(); ++i) {
      bits.skip(12);
      constexpr unsigned last_without_tier = 7;
      if (bits.u(5) > last_without_tier) bits.skip(1);
      if (decoder_model && bits.flag()) bits.skip(2 * delay_bits + 1);
      if (initial_delay && bits.flag()) bits.skip(4);
    }
  }
  const unsigned width_bits = bits.u(4) + 1, height_bits = bits.u(4) + 1;
  const std::uint32_t width = bits.u(width_bits) + 1, height = bits.u(height_bits) + 1;
  if (bits.failed()) return;
  av1.width = width;
  av1.height = height;
  av1.frame_rate = rate;
}

// 4.10.5
std::uint64_t leb128(ByteReader& reader) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) {
    const std::uint8_t byte = reader.u8();
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (!(byte & 0x80)) break;
  }
  return value;
}

}  // namespace

Result<Av1Parameters> read_av1_config(ByteView config) {
  BitReader bits(config);
  if (bits.u(8) != 0x81) return broken_av1c();  // marker, version 1
  Av1Parameters av1;
  av1.profile = bits.u(3);
  av1.level = bits.u(5);
  av1.high_tier = bits.flag();
  const bool high_bit_depth = bits.flag(), twelve_bit = bits.flag();
  av1.bit_depth = high_bit_depth ? (twelve_bit ? 12 : 10) : 8;
  bits.skip(13);
  if (bits.failed() || av1.profile > 2) return broken_av1c();

  ByteReader reader(config.subspan(4));
  constexpr unsigned sequence_header = 1;
  while (!reader.at_end()) {
    const std::uint8_t header = reader.u8();
    if (header & 4) reader.skip(1);
    const std::uint64_t size = header & 2 ? leb128(reader) : reader.remaining();
    const ByteView payload = reader.take(size);
    if (reader.failed()) return broken_av1c();
    if ((header >> 3 & 0x0f) == sequence_header) {
      read_sequence_header(payload, av1);
      break;
    }
  }
  return av1;
}

}  // namespace sluice::media
