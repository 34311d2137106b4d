#include "mpegts/transport.hpp"

#include <algorithm>

namespace sluice::mpegts {

namespace {
constexpr std::byte sync_byte{0x47};
constexpr std::size_t certainty = 2 * packet_size + 1;  // three sync bytes at the right distance
}  // namespace

std::optional<TransportPacket> read_packet(ByteView bytes) {
  ByteReader in(bytes);
  in.skip(1);
  const unsigned word = in.be16(), flags = in.u8();
  TransportPacket packet{.pid = static_cast<std::uint16_t>(word & 0x1fff),
                         .error = (word & 0x8000) != 0,
                         .unit_start = (word & 0x4000) != 0,
                         .scrambled = (flags & 0xc0) != 0,
                         .counter = static_cast<std::uint8_t>(flags & 0x0f)};
  const bool adaptation = flags & 0x20, payload = flags & 0x10;
  if (!adaptation && !payload) return std::nullopt;  // 2.4.3.3: reserved
  if (adaptation) {
    ByteReader field(in.take(in.u8()));
    if (in.failed()) return std::nullopt;
    if (!field.at_end()) {
      const unsigned what = field.u8();
      packet.discontinuity = what & 0x80;
      packet.random_access = what & 0x40;
    }
  }
  if (payload) packet.payload = in.rest();
  return packet;
}

std::optional<ByteView> Synchroniser::next(std::size_t& at) {
  const ByteView held(held_);
  while (!locked_) {
    const auto found = std::find(held.begin() + static_cast<std::ptrdiff_t>(at), held.end(), sync_byte);
    const auto where = static_cast<std::size_t>(found - held.begin());
    skipped_ += where - at;
    at = where;
    if (held.size() - at < certainty) return std::nullopt;
    locked_ = held[at + packet_size] == sync_byte && held[at + 2 * packet_size] == sync_byte;
    if (!locked_) ++at, ++skipped_;
  }
  if (held.size() - at < packet_size) return std::nullopt;
  if (held[at] != sync_byte) {
    locked_ = false;
    ++losses_;
    return next(at);
  }
  at += packet_size;
  return held.subspan(at - packet_size, packet_size);
}

}  // namespace sluice::mpegts
