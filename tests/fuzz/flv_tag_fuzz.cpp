// rooms: rtmp
// Audio and video messages: every packet must point into the message.
#include <cstdlib>

#include "rtmp/flv.hpp"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView message = std::as_bytes(std::span(data + 1, size - 1));
  std::vector<rtmp::flv::Packet> packets;
  static_cast<void>(data[0] & 1 ? rtmp::flv::parse_video(message, packets) : rtmp::flv::parse_audio(message, packets));
  for (const auto& packet : packets) {
    if (!packet.data.empty() && (packet.data.data() < message.data() ||
                                 packet.data.data() + packet.data.size() > message.data() + message.size())) {
      std::abort();
    }
    rtmp::flv::fourcc_text(packet.fourcc);
  }
  return 0;
}
