#include "http/deflate.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include "base/text.hpp"
#include "http/websocket.hpp"
#include "http/zlib_input.hpp"

namespace sluice::http {

namespace {
constexpr int largest_window = 15;
constexpr int own_window = 13;         // 8 KB: longer than what one line can repeat
constexpr int own_memory = 6;          // of 1 to 9: what is cleared for each message
constexpr std::size_t too_short = 64;  // bytes, which would not shrink
constexpr std::array<std::byte, 4> tail{std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};

// One of each a thread, used for one message after the other.
struct Deflater {
  z_stream stream{};
  Deflater() {
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -own_window, own_memory,
                     Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~Deflater() { deflateEnd(&stream); }
};
struct Inflater {
  z_stream stream{};
  Inflater() {
    if (inflateInit2(&stream, -largest_window) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
};

// A number of bits from 8 to 15, without leading zeros; quoted or not (7.1: quotes mean the same).
std::optional<int> window_bits(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  const auto bits = parse_number<int>(value);
  if (!bits || *bits < 8 || *bits > 15 || value != std::to_string(*bits)) return std::nullopt;
  return bits;
}

bool can_be_met(std::string_view offer) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(offer, ';')) words.push_back(trim(word));
  if (!ascii_iequals(words.front(), "permessage-deflate")) return false;
  std::vector<std::string_view> known;
  for (const std::string_view word : std::span(words).subspan(1)) {
    const std::size_t equals = word.find('=');
    const bool valued = equals != std::string_view::npos;
    const std::string_view name = trim(word.substr(0, equals));
    const std::string_view value = valued ? trim(word.substr(equals + 1)) : std::string_view();
    if (std::ranges::find(known, name) != known.end()) return false;
    known.push_back(name);
    if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
      if (valued) return false;
    } else if (name == "client_max_window_bits") {
      if (valued && !window_bits(value)) return false;
    } else if (name == "server_max_window_bits") {
      const auto bits = window_bits(value);
      if (!bits || *bits < own_window) return false;
    } else {
      return false;
    }
  }
  return true;
}

// What is agreed on must be said where the client asked for it (7.1.2.1).
bool limits_window(std::string_view offer) {
  return offer.find("server_max_window_bits") != std::string_view::npos;
}
}  // namespace

std::optional<std::string> accept_deflate(std::string_view extensions) {
  for (const std::string_view offer : split(extensions, ',')) {
    if (!can_be_met(trim(offer))) continue;
    std::string answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    if (limits_window(offer)) answer += "; server_max_window_bits=" + std::to_string(own_window);
    return answer;
  }
  return std::nullopt;
}

Bytes deflate_message(ByteView message) {
  thread_local Deflater deflater;
  z_stream& stream = deflater.stream;
  deflateReset(&stream);
  Bytes out(deflateBound(&stream, message.size()) + 16);
  stream.next_in = zlib_input(message);
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_SYNC_FLUSH);
  out.resize(stream.total_out - tail.size());
  return out;
}

std::expected<Bytes, InflateFault> inflate_message(ByteView payload, std::size_t limit) {
  thread_local Inflater inflater;
  z_stream& stream = inflater.stream;
  inflateReset(&stream);
  Bytes out;
  for (const ByteView part : {payload, ByteView(tail)}) {
    stream.next_in = zlib_input(part);
    stream.avail_in = static_cast<uInt>(part.size());
    for (bool more = true; more;) {
      // One byte past the limit shows that there is more.
      const std::size_t had = out.size();
      out.resize(std::min(limit + 1, had + std::max<std::size_t>(256, 4 * part.size())));
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
      stream.avail_out = static_cast<uInt>(out.size() - had);
      const int state = inflate(&stream, Z_SYNC_FLUSH);
      const bool full = stream.avail_out == 0;
      out.resize(out.size() - stream.avail_out);
      if (out.size() > limit) return std::unexpected(InflateFault::too_big);
      if (state == Z_STREAM_END) {  // a last block, behind which others may come (7.2.3.4)
        inflateReset(&stream);
        more = stream.avail_in > 0;
      } else if (state != Z_OK && state != Z_BUF_ERROR) {
        return std::unexpected(InflateFault::damaged);
      } else {
        more = full || (stream.avail_in > 0 && state == Z_OK);
      }
    }
    if (stream.avail_in > 0) return std::unexpected(InflateFault::damaged);
  }
  // Behind the end of a block, with no bit of it left over: see zlib.h, data_type.
  if ((stream.data_type & 128) == 0 || (stream.data_type & 31) != 0)
    return std::unexpected(InflateFault::damaged);
  return out;
}

void append_deflated_text_frame(Bytes& out, std::string_view text) {
  if (text.size() >= too_short) {
    const Bytes smaller = deflate_message(as_bytes(text));
    if (smaller.size() < text.size()) return append_frame(out, Opcode::text, smaller, true);
  }
  append_text_frame(out, text);
}

}  // namespace sluice::http
