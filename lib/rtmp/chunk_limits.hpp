#pragma once
// How much a peer may make us hold. Declared sizes count, not received ones.
#include <cstddef>
#include <cstdint>

namespace sluice::rtmp {

struct ChunkLimits {
  std::uint32_t message = 8u << 20;        // bytes of one message
  std::size_t held = 12u << 20;            // bytes of all messages that have begun and not ended, on all chunk streams
  std::size_t chunk_streams = 64;          // chunk streams in use on one connection
};

}  // namespace sluice::rtmp
