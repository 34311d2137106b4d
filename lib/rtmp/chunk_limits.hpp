#pragma once
// How much a peer may make us hold, and what chunks have no room for.
#include <cstddef>
#include <cstdint>

namespace sluice::rtmp {

// Declared sizes count, not received ones.
struct ChunkLimits {
  std::uint32_t message = 8u << 20;        // bytes of one message
  std::size_t held = 12u << 20;            // bytes of all messages that have begun and not ended, on all chunk streams
  std::size_t chunk_streams = 64;          // chunk streams in use on one connection
};

constexpr std::uint32_t no_time = 0xff'ffff;  // 24 bits that say: see the extended timestamp

}  // namespace sluice::rtmp
