#pragma once
// Response heads as bytes (RFC 9112 4, 5).
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "http/server.hpp"

namespace sluice::http {

std::string_view reason(int status);  // "Not Found"; empty when the status has no name of its own
bool has_body(int status);            // RFC 9112 6.3: 1xx, 204 and 304 never do

// RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::time_t at);

enum class Framing {
  length,   // Content-Length: `length`
  chunked,  // Transfer-Encoding: chunked
  close,    // the body ends with the connection (HTTP/1.0 streams)
  own,      // the headers bring their own Content-Length
  none,     // no body: 101, 204, 304
};

struct HeadStyle {
  Framing framing = Framing::length;
  std::uint64_t length = 0;
  bool keep_alive = true;
  bool http_1_0 = false;
  std::string_view date;
};

// Appends header lines. Line breaks inside a value become spaces, so no value can add a header.
void append_fields(Bytes& out, const Headers& headers);
// Appends the head: the shared lines (none when null), then the others.
void append_head(Bytes& out, int status, const SharedHeaders* shared, const Headers& headers, const HeadStyle& style);

std::size_t body_size(const Body& body);

}  // namespace sluice::http
