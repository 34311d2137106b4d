#pragma once
// Link: what both ends of a connection do alike once shaken hands: chunk streams each way, acknowledgements, pings
// (Adobe RTMP 1.0 sections 5.4 and 7.1.7).
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "rtmp/amf_value.hpp"
#include "rtmp/chunk_limits.hpp"
#include "rtmp/chunk_reader.hpp"
#include "rtmp/chunk_writer.hpp"
#include "rtmp/message.hpp"

namespace sluice::rtmp {

// User control events, section 7.1.7.
enum class UserControl : std::uint16_t { stream_begin = 0, ping_request = 6, ping_response = 7 };

class Link {
 public:
  Link(ChunkLimits limits, std::uint32_t window) : reader_(limits), window_(window) {}

  ChunkReader& reader() { return reader_; }
  const ChunkReader& reader() const { return reader_; }
  Bytes& output() { return output_; }
  const Bytes& output() const { return output_; }

  // Counts bytes of the chunk stream received; acknowledges them when half a window has passed.
  void count(std::size_t bytes);
  // Acts on a control message, types 1-6; false: it is another kind.
  bool control(const Message& message);

  void send_command(std::uint32_t chunk_stream, std::uint32_t stream, std::string_view name, double transaction,
                    const amf::Value& object, const std::vector<amf::Value>& arguments = {});
  void send(MessageType type, std::uint32_t chunk_stream, std::uint32_t stream, std::uint32_t timestamp,
            ByteView payload) {
    writer_.write(output_, type, chunk_stream, stream, timestamp, payload);
  }
  void send_user_control(UserControl event, std::uint32_t value);
  void send_window(std::uint32_t size);                        // how often the peer is to acknowledge
  void send_peer_bandwidth(std::uint32_t size);                // dynamic
  void send_chunk_size(std::uint32_t size) { writer_.set_chunk_size(output_, size); }
  void allow_pong() { pongs_left_ = 4; }                       // once a second: what a peer may ask for is bounded

  std::uint32_t acknowledged() const { return acknowledged_; }  // by the peer, modulo 2^32

  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);

  static constexpr std::uint32_t control_chunk_stream = 2;
  static constexpr std::uint32_t command_chunk_stream = 3;

 private:
  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);
  void send_control(MessageType type, ByteView payload) { send(type, control_chunk_stream, 0, 0, payload); }

  ChunkReader reader_;
  ChunkWriter writer_;
  Bytes output_;
  std::uint32_t window_;
  std::uint64_t received_ = 0, told_ = 0;
  std::uint32_t acknowledged_ = 0;
  int pongs_left_ = 4;
};

}  // namespace sluice::rtmp
