#pragma once
// MPEG transport stream packets (ITU-T H.222.0 / ISO/IEC 13818-1, 2.4.3): 188 bytes that begin with 0x47. Sans-IO.
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace sluice::mpegts {

inline constexpr std::size_t packet_size = 188;
inline constexpr std::uint16_t pat_pid = 0, null_pid = 0x1fff;

// One packet's header and what it carries; views into the packet.
struct TransportPacket {
  std::uint16_t pid = 0;             // 13 bits
  bool error = false;                // transport_error_indicator: a bit is wrong somewhere
  bool unit_start = false;           // payload_unit_start_indicator
  bool scrambled = false;
  bool discontinuity = false;        // the adaptation field says that the counter may jump here
  bool random_access = false;        // a decoder may start here
  std::uint8_t counter = 0;          // continuity_counter, 4 bits; counts packets of the PID with a payload
  std::optional<ByteView> payload;   // absent where there is an adaptation field alone
};

// `packet` is packet_size bytes that begin with 0x47. Nothing: its adaptation field is longer than it, or it is reserved.
std::optional<TransportPacket> read_packet(ByteView packet);

// Cuts bytes into packets, wherever they are cut when they arrive: finds the first three sync bytes at the distance of a
// packet, and looks for them again after garbage. Holds at most two packets.
class Synchroniser {
 public:
  // Calls `take(ByteView packet)` for each whole packet.
  template <class Take>
  void receive(ByteView bytes, Take take) {
    append(held_, bytes);
    std::size_t at = 0;
    while (const auto packet = next(at)) take(*packet);
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  std::uint64_t skipped() const { return skipped_; }  // bytes that belong to no packet
  std::uint64_t losses() const { return losses_; }    // times that the packets were lost sight of

 private:
  std::optional<ByteView> next(std::size_t& at);
  Bytes held_;
  bool locked_ = false;
  std::uint64_t skipped_ = 0, losses_ = 0;
};

}  // namespace sluice::mpegts
