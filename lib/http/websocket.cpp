#include "http/websocket.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "http/deflate.hpp"

namespace sluice::http {

namespace {
constexpr std::size_t control_limit = 125;  // 5.5

bool has_token(std::string_view list, std::string_view token) {
  return std::ranges::any_of(split(list, ','),
                             [&](std::string_view item) { return ascii_iequals(trim(item), token); });
}

// A base64 text of 16 bytes: 22 characters and two of padding.
bool is_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") && std::ranges::all_of(key.substr(0, 22), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
                  c == '/';
         });
}

// Codes a peer may send (7.4): defined ones, the registry's and private ones.
bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 8;
}

FrameParser::Fault protocol_error(std::string what) {
  return {CloseCode::protocol_error, std::move(what)};
}
}  // namespace

std::string websocket_accept(std::string_view key) {
  return base64(crypto::sha1(as_bytes(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}

Result<WebSocketOffer> detail::check_offer(std::string_view upgrade, std::string_view connection,
                                           std::string_view key, std::string_view version,
                                           std::string_view protocols) {
  if (!has_token(upgrade, "websocket") || !has_token(connection, "upgrade"))
    return fail(Errc::invalid, "not a WebSocket handshake");
  if (version != "13") return fail(Errc::usage, "WebSocket version other than 13");
  if (!is_key(key)) return fail(Errc::invalid, "Sec-WebSocket-Key is missing or malformed");
  WebSocketOffer offer{websocket_accept(key), {}};
  for (std::string_view protocol : split(protocols, ','))
    if (!trim(protocol).empty()) offer.protocols.emplace_back(trim(protocol));
  return offer;
}

void append_frame(Bytes& out, Opcode opcode, ByteView payload, bool compressed) {
  ByteWriter writer(out);
  writer.u8((compressed ? 0xc0 : 0x80) | static_cast<std::uint8_t>(opcode));
  if (payload.size() < 126) {
    writer.u8(payload.size());
  } else if (payload.size() < 65536) {
    writer.u8(126).be16(payload.size());
  } else {
    writer.u8(127).be64(payload.size());
  }
  writer.bytes(payload);
}

void append_text_frame(Bytes& out, std::string_view text) {
  append_frame(out, Opcode::text, as_bytes(text));
}

SharedBytes text_frame(std::string_view text) {
  Bytes out;
  out.reserve(text.size() + 10);
  append_text_frame(out, text);
  return std::make_shared<const Bytes>(std::move(out));
}

Bytes close_frame(CloseCode code, std::string_view reason) {
  Bytes payload;
  ByteWriter(payload).be16(static_cast<std::uint16_t>(code)).text(reason.substr(0, control_limit - 2));
  Bytes out;
  append_frame(out, Opcode::close, payload);
  return out;
}

Bytes ping_frame(std::string_view payload) {
  Bytes out;
  append_frame(out, Opcode::ping, as_bytes(payload));
  return out;
}

Bytes pong_frame(ByteView payload) {
  Bytes out;
  append_frame(out, Opcode::pong, payload);
  return out;
}

std::optional<FrameParser::Fault> FrameParser::feed(ByteView bytes, Handler& handler) {
  while (!closed_) {
    std::optional<Fault> fault;
    if (!in_payload_) {
      if (bytes.empty()) return std::nullopt;
      header_[header_size_++] = bytes.front();
      bytes = bytes.subspan(1);
      fault = read_header();
    } else {
      const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      fault = read_payload(bytes.first(n));
      bytes = bytes.subspan(n);
    }
    if (!fault && in_payload_ && left_ == 0) fault = end_frame(handler);
    if (fault) {
      closed_ = true;
      return fault;
    }
    if (in_payload_ && bytes.empty()) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<FrameParser::Fault> FrameParser::read_header() {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(header_[i]); };
  if (header_size_ == 1) {
    const std::uint8_t op = byte(0) & 0x0f;
    const bool begins = op == 1 || op == 2;
    // A message says in its first frame alone that it is compressed (RFC 7692, 6.1).
    const unsigned allowed = limits_.deflate && begins ? 0x40 : 0;
    if ((byte(0) & 0x70 & ~allowed) != 0) return protocol_error("reserved bits are set");
    if ((op > 2 && op < 8) || op > 10) return protocol_error("unknown opcode");
    final_ = (byte(0) & 0x80) != 0;
    opcode_ = static_cast<Opcode>(op);
    if (is_control(opcode_)) {
      if (!final_) return protocol_error("fragmented control frame");
    } else if ((opcode_ == Opcode::continuation) != in_message_) {
      return protocol_error(in_message_ ? "a new message inside another" : "continuation of nothing");
    }
    if (begins) message_is_deflated_ = (byte(0) & 0x40) != 0;
    return std::nullopt;
  }
  if (header_size_ == 2) {
    if ((byte(1) & 0x80) == 0) return protocol_error("frame is not masked");
    if (is_control(opcode_) && (byte(1) & 0x7f) > control_limit)
      return protocol_error("control frame over 125 bytes");
  }
  const std::uint8_t short_length = byte(1) & 0x7f;
  const std::size_t extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  if (header_size_ < 2 + extended + 4) return std::nullopt;

  ByteReader reader(ByteView(header_).first(header_size_));
  reader.skip(2);
  length_ = extended == 2 ? reader.be16() : extended == 8 ? reader.be64() : short_length;
  if ((extended == 2 && length_ < 126) || (extended == 8 && length_ < 65536))
    return protocol_error("length not in its shortest form");
  if (length_ >> 63 != 0) return protocol_error("length over 63 bits");
  if (!is_control(opcode_) && length_ > payload_limit() - std::min(payload_limit(), message_.size()))
    return Fault{CloseCode::too_big, "message over " + std::to_string(limits_.message) + " bytes"};
  std::copy_n(header_.begin() + header_size_ - 4, 4, mask_);
  left_ = length_;
  in_payload_ = true;
  header_size_ = 0;
  if (opcode_ == Opcode::text || opcode_ == Opcode::binary) {
    in_message_ = true;
    message_is_text_ = opcode_ == Opcode::text;
    utf8_.reset();
  }
  return std::nullopt;
}

std::optional<FrameParser::Fault> FrameParser::read_payload(ByteView bytes) {
  Bytes& into = is_control(opcode_) ? control_ : message_;
  const std::size_t from = into.size();
  std::uint64_t at = length_ - left_;
  into.reserve(from + bytes.size());
  for (std::byte b : bytes) into.push_back(b ^ mask_[at++ % 4]);
  left_ -= bytes.size();
  // Broken text is refused as soon as it is seen, not at its end (8.1).
  if (!is_control(opcode_) && message_is_text_ && !message_is_deflated_ &&
      !utf8_.feed(ByteView(into).subspan(from)))
    return Fault{CloseCode::invalid_payload, "text is not UTF-8"};
  return std::nullopt;
}

std::optional<FrameParser::Fault> FrameParser::end_frame(Handler& handler) {
  in_payload_ = false;
  if (is_control(opcode_)) return end_control(handler);
  if (!final_) return std::nullopt;
  in_message_ = false;
  Bytes message = std::exchange(message_, {});  // an idle connection holds no buffer
  if (message_is_deflated_)
    if (auto fault = inflate(message)) return fault;
  if (!message_is_text_) {
    handler.on_binary(message);
    return std::nullopt;
  }
  if (!utf8_.complete()) return Fault{CloseCode::invalid_payload, "text ends inside a character"};
  handler.on_text(as_text(message));
  return std::nullopt;
}

// What does not shrink grows by little: five bytes for each 16 KB, or what one more empty block takes.
std::size_t FrameParser::payload_limit() const {
  return message_is_deflated_ ? limits_.message + limits_.message / 1024 + 64 : limits_.message;
}

std::optional<FrameParser::Fault> FrameParser::inflate(Bytes& message) {
  auto unpacked = inflate_message(message, limits_.message);
  if (!unpacked && unpacked.error() == InflateFault::too_big)
    return Fault{CloseCode::too_big, "message over " + std::to_string(limits_.message) + " bytes"};
  if (!unpacked) return Fault{CloseCode::invalid_payload, "message that cannot be unpacked"};
  message = std::move(*unpacked);
  if (message_is_text_ && !utf8_.feed(message)) return Fault{CloseCode::invalid_payload, "text is not UTF-8"};
  return std::nullopt;
}

std::optional<FrameParser::Fault> FrameParser::end_control(Handler& handler) {
  const Bytes payload = std::exchange(control_, {});
  if (opcode_ == Opcode::ping) {
    handler.on_ping(payload);
  } else if (opcode_ == Opcode::pong) {
    handler.on_pong(payload);
  } else {
    if (payload.size() == 1) return protocol_error("close frame with half a code");
    std::uint16_t code = 1005;
    std::string_view reason;
    if (!payload.empty()) {
      code = ByteReader(payload).be16();
      reason = as_text(payload).substr(2);
      if (!may_be_sent(code)) return protocol_error("close code that must not be sent");
      if (!is_utf8(reason)) return Fault{CloseCode::invalid_payload, "close reason is not UTF-8"};
    }
    closed_ = true;
    handler.on_close(code, reason);
  }
  return std::nullopt;
}

}  // namespace sluice::http
