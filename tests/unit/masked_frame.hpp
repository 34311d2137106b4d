#pragma once
// A WebSocket client's frame for tests (RFC 6455 5.2), of up to 64 KB.
#include <string>
#include <string_view>

// `first` is FIN, reserved bits and opcode.
inline std::string masked_frame(unsigned first, std::string_view payload,
                                std::string_view mask = "\x11\x22\x33\x44") {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}
