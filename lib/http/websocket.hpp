#pragma once
// The server's side of WebSocket (RFC 6455), sans-IO: the handshake's answer, frames in → messages out,
// messages → frames. Messages may be compressed (deflate.hpp); another extension asked for is left
// unanswered, which declines it (section 9.1).
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/utf8.hpp"

namespace sluice::http {

// Sec-WebSocket-Accept for a Sec-WebSocket-Key (4.2.2).
std::string websocket_accept(std::string_view key);

struct WebSocketOffer {
  std::string accept;                  // what Sec-WebSocket-Accept must say
  std::vector<std::string> protocols;  // asked for, in order of preference
};
// Checks a GET's headers (4.2.1). `header` gives a header's value by name, empty when absent.
// Errc::invalid: not a WebSocket handshake; Errc::usage: a version other than 13 (answer 426).
template <class Header>
Result<WebSocketOffer> read_websocket_offer(const Header& header);

enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  invalid_payload = 1007,
  policy_violation = 1008,
  too_big = 1009,
  service_restart = 1012,
};

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// One unmasked, unfragmented frame from the server, appended to `out`.
// `compressed`: the payload is a message's by permessage-deflate (RFC 7692 section 6).
void append_frame(Bytes& out, Opcode opcode, ByteView payload, bool compressed = false);
void append_text_frame(Bytes& out, std::string_view text);
SharedBytes text_frame(std::string_view text);
Bytes close_frame(CloseCode code, std::string_view reason);  // reason is cut to fit 123 bytes
Bytes ping_frame(std::string_view payload = {});
Bytes pong_frame(ByteView payload);

// Reads a client's frames: unmasks, joins fragments (control frames may come between), checks lengths,
// opcodes, UTF-8 and close codes. A fault ends it for good.
class FrameParser {
 public:
  struct Limits {
    std::size_t message = 16 * 1024;  // bytes of a whole message, unpacked
    bool deflate = false;             // permessage-deflate was agreed on: messages may be compressed
  };
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void on_text(std::string_view message) = 0;  // valid UTF-8; good for the call
    virtual void on_binary(ByteView message) = 0;
    virtual void on_ping(ByteView payload) = 0;  // answer with pong_frame
    virtual void on_pong(ByteView payload) = 0;
    // The client closes (1005 when it gave no code); answer with a close frame. Nothing is read after it.
    virtual void on_close(std::uint16_t code, std::string_view reason) = 0;
  };
  struct Fault {
    CloseCode code;
    std::string what;
  };

  explicit FrameParser(Limits limits) : limits_(limits) {}
  FrameParser() : FrameParser(Limits{}) {}

  // nullopt: go on. A fault: send close_frame(code), then close the connection.
  std::optional<Fault> feed(ByteView bytes, Handler& handler);
  bool closed() const { return closed_; }
  const Limits& limits() const { return limits_; }
  void stop() { closed_ = true; }  // reads nothing more

 private:
  std::optional<Fault> read_header();
  std::optional<Fault> read_payload(ByteView bytes);
  std::optional<Fault> end_frame(Handler& handler);
  std::optional<Fault> end_control(Handler& handler);
  std::optional<Fault> inflate(Bytes& message);
  std::size_t payload_limit() const;

  Limits limits_;
  std::array<std::byte, 14> header_{};  // of the frame being read (5.2)
  std::uint8_t header_size_ = 0;
  std::uint64_t left_ = 0;  // payload bytes due
  std::uint64_t length_ = 0;
  bool in_payload_ = false;
  bool final_ = false;
  Opcode opcode_ = Opcode::text;
  std::byte mask_[4] = {};
  bool in_message_ = false;  // between a first fragment and the last
  bool message_is_text_ = false;
  bool message_is_deflated_ = false;
  bool closed_ = false;
  Utf8Check utf8_;
  Bytes message_;
  Bytes control_;
};

namespace detail {
Result<WebSocketOffer> check_offer(std::string_view upgrade, std::string_view connection,
                                   std::string_view key, std::string_view version,
                                   std::string_view protocols);
}

template <class Header>
Result<WebSocketOffer> read_websocket_offer(const Header& header) {
  return detail::check_offer(header("Upgrade"), header("Connection"), header("Sec-WebSocket-Key"),
                             header("Sec-WebSocket-Version"), header("Sec-WebSocket-Protocol"));
}

}  // namespace sluice::http
