#pragma once
// RTMP messages (Adobe RTMP 1.0, section 7): what chunk streams carry, with a payload that is written once and shared.
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"

namespace sluice::rtmp {

// Message type ids, sections 5.4, 6.2 and 7.1.
enum class MessageType : std::uint8_t {
  set_chunk_size = 1,
  abort = 2,
  acknowledgement = 3,
  user_control = 4,
  window_acknowledgement_size = 5,
  set_peer_bandwidth = 6,
  audio = 8,
  video = 9,
  data_amf3 = 15,
  shared_object_amf3 = 16,
  command_amf3 = 17,
  data_amf0 = 18,
  shared_object_amf0 = 19,
  command_amf0 = 20,
  aggregate = 22,
};

// Bytes that several owners read and nobody changes. `bytes` lives as long as any copy of `owner`, and may be a part of
// what `owner` holds (an aggregate's inner message). Fits media::Packet's owner and data as they are.
struct Payload {
  std::shared_ptr<const void> owner;
  ByteView bytes;
};

struct Message {
  MessageType type{};
  std::uint32_t timestamp = 0;      // ms, modulo 2^32
  std::uint32_t stream = 0;         // message stream id; 0 is the connection itself
  std::uint32_t chunk_stream = 0;   // 2…65599
  Payload payload;
};

}  // namespace sluice::rtmp
