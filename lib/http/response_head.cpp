#include "http/response_head.hpp"

#include <charconv>

namespace sluice::http {
namespace {

void put(Bytes& out, std::string_view text) { append(out, as_bytes(text)); }

void put_number(Bytes& out, std::uint64_t number) {
  char digits[20];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  put(out, {digits, static_cast<std::size_t>(end - digits)});
}

void put_value(Bytes& out, std::string_view value) {
  auto from = out.size();
  put(out, value);
  for (auto i = from; i < out.size(); ++i)
    if (static_cast<unsigned char>(out[i]) < 0x20 && out[i] != std::byte{'\t'}) out[i] = std::byte{' '};
}

}  // namespace

std::string_view reason(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return {};
  }
}

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string http_date(std::time_t at) {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm parts{};
  gmtime_r(&at, &parts);
  auto two = [](int n) { return std::string{static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)}; };
  return std::string(days[parts.tm_wday]) + ", " + two(parts.tm_mday) + " " + months[parts.tm_mon] + " " +
         std::to_string(parts.tm_year + 1900) + " " + two(parts.tm_hour) + ":" + two(parts.tm_min) + ":" +
         two(parts.tm_sec) + " GMT";
}

void append_fields(Bytes& out, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    put(out, name);
    put(out, ": ");
    put_value(out, value);
    put(out, "\r\n");
  }
}

void append_head(Bytes& out, int status, const SharedHeaders* shared, const Headers& headers, const HeadStyle& style) {
  if (status == 200) {
    put(out, "HTTP/1.1 200 OK\r\n");
  } else {
    put(out, "HTTP/1.1 ");
    put_number(out, static_cast<std::uint64_t>(status));
    put(out, " ");
    put(out, reason(status));
    put(out, "\r\n");
  }
  if (shared) put(out, shared->lines);
  append_fields(out, headers);
  if (style.framing == Framing::length) {
    put(out, "Content-Length: ");
    put_number(out, style.length);
    put(out, "\r\n");
  } else if (style.framing == Framing::chunked) {
    put(out, "Transfer-Encoding: chunked\r\n");
  }
  if (!style.date.empty()) {
    put(out, "Date: ");
    put(out, style.date);
    put(out, "\r\n");
  }
  if (status != 101) {
    if (!style.keep_alive)
      put(out, "Connection: close\r\n");
    else if (style.http_1_0)
      put(out, "Connection: keep-alive\r\n");
  }
  put(out, "\r\n");
}

std::size_t body_size(const Body& body) {
  if (auto* text = std::get_if<std::string>(&body)) return text->size();
  if (auto* shared = std::get_if<SharedBytes>(&body)) return *shared ? (*shared)->size() : 0;
  if (auto* range = std::get_if<net::FileRange>(&body)) return range->size;
  return 0;
}

}  // namespace sluice::http
