#pragma once
// RequestParser: bytes in, one HTTP/1.1 request out (RFC 9112), sans-IO. Strict where leniency lets requests be smuggled:
// bare LF, folded lines, space before a colon, both Content-Length and Transfer-Encoding, two lengths, unknown codings
// and a missing or second Host are all refused.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "http/server.hpp"

namespace sluice::http {

class RequestParser {
 public:
  // The status to refuse with: 400, 413 body too large, 414 target too long, 431 head too large, 501 unknown transfer
  // coding, 505 not HTTP/1.x. The connection cannot go on after it.
  struct Refusal {
    int status;
    std::string_view why;
  };

  explicit RequestParser(const Limits& limits) : limits_(&limits) {}

  // Takes bytes up to the end of this request at most; the count taken. Call until done().
  std::expected<std::size_t, Refusal> feed(ByteView bytes);
  // Forgets the request, keeps small buffers, lets large ones go.
  void reset();

  bool fresh() const { return state_ == State::head && head_.empty(); }  // not one byte of a request yet
  bool done() const { return state_ == State::done; }
  bool head_done() const { return state_ != State::head; }

  // Valid from head_done() on:
  bool expects_continue() const { return expects_continue_; }  // RFC 9110 10.1.1, from an HTTP/1.1 client with a body to come
  bool keep_alive() const { return keep_alive_; }
  bool http_1_0() const { return http_1_0_; }
  Request& request() { return request_; }

 private:
  enum class State { head, length_body, chunk_size, chunk_extension, chunk_size_lf, chunk_data, chunk_data_cr,
                     chunk_data_lf, trailer_start, trailer, trailer_lf, last_lf, done };
  using Step = std::expected<void, Refusal>;

  Step parse_head(std::string_view head);
  Step parse_request_line(std::string_view line);
  Step parse_field(std::string_view line);
  Step interpret();
  Step coding_field(std::string_view name, std::string_view value);
  std::expected<std::size_t, Refusal> feed_head(std::string_view text);
  std::expected<std::size_t, Refusal> feed_chunked(std::string_view text);

  const Limits* limits_;
  State state_ = State::head;
  std::string head_;             // a head that came in pieces
  Request request_;
  std::uint64_t remaining_ = 0;  // of the body or the chunk
  std::size_t overhead_ = 0;     // bytes of this chunk's size line, or of all trailers
  bool chunked_ = false, has_length_ = false, expects_continue_ = false, keep_alive_ = true, http_1_0_ = false;
  std::uint8_t hosts_ = 0, size_digits_ = 0;
};

}  // namespace sluice::http
