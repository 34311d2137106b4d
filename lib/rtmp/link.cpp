#include "rtmp/link.hpp"

#include <algorithm>

#include "rtmp/command.hpp"

namespace sluice::rtmp {

namespace {
// A peer that names a smaller window is told no more often than this: an acknowledgement must not cost more than it frees.
constexpr std::uint32_t smallest_window = 16u << 10;
}  // namespace

void Link::count(std::size_t bytes) {
  received_ += bytes;
  if (received_ - told_ < window_ / 2) return;
  told_ = received_;
  Bytes payload;
  ByteWriter(payload).be32(received_ & 0xffff'ffff);
  send_control(MessageType::acknowledgement, payload);
}

bool Link::control(const Message& message) {
  ByteReader reader(message.payload.bytes);
  switch (message.type) {
    case MessageType::set_chunk_size:
    case MessageType::abort: return true;  // the reader has obeyed
    case MessageType::acknowledgement: acknowledged_ = reader.be32(); return true;
    case MessageType::window_acknowledgement_size: {
      const std::uint32_t size = reader.be32();
      if (!reader.failed()) window_ = std::max(size, smallest_window);
      return true;
    }
    case MessageType::set_peer_bandwidth: {
      // 5.4.5: answered with our window when it differs; we send too little to be limited by it.
      const std::uint32_t size = reader.be32();
      if (!reader.failed() && pongs_left_ > 0) {
        --pongs_left_;
        send_window(std::max(size, smallest_window));
      }
      return true;
    }
    case MessageType::user_control: {
      const auto event = static_cast<UserControl>(reader.be16());
      const std::uint32_t value = reader.be32();
      if (!reader.failed() && event == UserControl::ping_request && pongs_left_ > 0) {
        --pongs_left_;
        send_user_control(UserControl::ping_response, value);
      }
      return true;
    }
    default: return false;
  }
}

void Link::send_command(std::uint32_t chunk_stream, std::uint32_t stream, std::string_view name, double transaction,
                        const amf::Value& object, const std::vector<amf::Value>& arguments) {
  send(MessageType::command_amf0, chunk_stream, stream, 0, write_command(name, transaction, object, arguments));
}

void Link::send_user_control(UserControl event, std::uint32_t value) {
  Bytes payload;
  ByteWriter(payload).be16(static_cast<std::uint16_t>(event)).be32(value);
  send_control(MessageType::user_control, payload);
}

void Link::send_window(std::uint32_t size) {
  Bytes payload;
  ByteWriter(payload).be32(size);
  send_control(MessageType::window_acknowledgement_size, payload);
}

void Link::send_peer_bandwidth(std::uint32_t size) {
  constexpr int dynamic = 2;
  Bytes payload;
  ByteWriter(payload).be32(size).u8(dynamic);
  send_control(MessageType::set_peer_bandwidth, payload);
}

}  // namespace sluice::rtmp
