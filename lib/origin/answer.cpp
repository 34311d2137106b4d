#include "origin/answer.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "http/gzip.hpp"

namespace sluice::origin {
namespace {

using HeadersToShare = std::shared_ptr<const http::SharedHeaders>;

// Players on any page may play, and see the headers that players use.
void open_to_all(http::Headers& headers) {
  headers.emplace_back("Access-Control-Allow-Origin", "*");
  headers.emplace_back("Access-Control-Expose-Headers", "Content-Length, Content-Range, Date, Age, ETag, Retry-After, X-Trace-Id");
  headers.emplace_back("Cross-Origin-Resource-Policy", "cross-origin");
  headers.emplace_back("Timing-Allow-Origin", "*");
  headers.emplace_back("X-Content-Type-Options", "nosniff");
}

http::Headers playlist_headers(const Rendered& rendered, std::uint32_t max_age_s, const std::string& etag, const char* type) {
  http::Headers headers{{"Content-Type", type},
                        {"Cache-Control", fmt::format("public, max-age={}", max_age_s)},
                        {"Vary", "Accept-Encoding"},
                        {"ETag", etag},
                        {"Last-Modified", http_date(rendered.modified_ms)}};
  open_to_all(headers);
  return headers;
}

// What the answers to all requests for media of this type have in common.
const HeadersToShare& media_headers(std::string_view type) {
  thread_local std::map<std::string_view, HeadersToShare> known;  // of media_type(): few, and they live for ever
  HeadersToShare& headers = known[type];
  if (!headers) {
    http::Headers fields{{"Content-Type", std::string(type)}, {"Cache-Control", "public, max-age=31536000, immutable"}, {"Accept-Ranges", "bytes"}};
    open_to_all(fields);
    headers = std::make_shared<const http::SharedHeaders>(std::move(fields));
  }
  return headers;
}

std::optional<std::int64_t> parse_http_date(const std::string& text) {
  tm parsed{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parsed);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<std::int64_t>(::timegm(&parsed));
}

// RFC 9110 13.1.2: weak comparison, a list or "*".
bool lists(std::string_view header, std::string_view etag) {
  for (std::string_view item : split(header, ',')) {
    item = trim(item);
    if (item == "*") return true;
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == etag) return true;
  }
  return false;
}

bool unchanged(const Asked& asked, std::string_view etag, std::int64_t modified_ms) {
  if (!asked.if_none_match.empty()) return lists(asked.if_none_match, etag);
  if (asked.if_modified_since.empty()) return false;
  const auto since = parse_http_date(asked.if_modified_since);
  return since && modified_ms / 1000 <= *since;
}

}  // namespace

Asked Asked::from(const http::Request& request) {
  return {request.accepts_gzip(), std::string(request.header("If-None-Match")),
          std::string(request.header("If-Modified-Since")), std::string(request.header("Range")),
          std::string(request.header("If-Range"))};
}

Rendered render(std::string text, std::int64_t modified_ms) {
  Rendered out;
  const crypto::Sha1 digest = crypto::sha1(as_bytes(text));
  out.etag = hex(std::span(digest).first(10));
  out.plain = std::make_shared<const Bytes>(to_bytes(text));
  out.modified_ms = modified_ms;
  return out;
}

std::string Rendered::quoted_etag(bool compressed) const { return fmt::format("\"{}{}\"", etag, compressed ? "-gz" : ""); }

std::string http_date(std::int64_t unix_ms) {
  const time_t at = static_cast<time_t>(unix_ms / 1000);
  tm broken{};
  ::gmtime_r(&at, &broken);
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[broken.tm_wday], broken.tm_mday,
                     months[broken.tm_mon], 1900 + broken.tm_year, broken.tm_hour, broken.tm_min, broken.tm_sec);
}

http::Response playlist_answer(Rendered& rendered, const Asked& asked, std::uint32_t max_age_s, const char* type) {
  http::Response response;
  if (!asked.if_none_match.empty()) {
    // A playlist may change twice within a second: only its ETag can say that it has not.
    const std::string etag = rendered.quoted_etag(asked.gzip);
    if (unchanged(asked, etag, rendered.modified_ms)) {
      response.status = 304;
      response.headers = playlist_headers(rendered, max_age_s, etag, type);
      return response;
    }
  }
  const auto known = std::ranges::find_if(rendered.heads, [&](const auto& h) { return h.gzip == asked.gzip && h.max_age_s == max_age_s; });
  if (known != rendered.heads.end()) {
    response.shared_headers = known->headers;
  } else {
    auto headers = playlist_headers(rendered, max_age_s, rendered.quoted_etag(asked.gzip), type);
    if (asked.gzip) headers.emplace_back("Content-Encoding", "gzip");
    response.shared_headers = std::make_shared<const http::SharedHeaders>(std::move(headers));
    rendered.heads.push_back({asked.gzip, max_age_s, response.shared_headers});
  }
  if (asked.gzip && !rendered.gzip) rendered.gzip = std::make_shared<const Bytes>(http::gzip(*rendered.plain));
  response.body = asked.gzip ? rendered.gzip : rendered.plain;
  return response;
}

http::Response picture_answer(SharedBytes picture, const std::string& etag, const Asked& asked, const std::string& caching) {
  const std::string quoted = fmt::format("\"{}\"", etag);
  http::Response response;
  response.headers = {{"Content-Type", "image/jpeg"}, {"Cache-Control", caching}, {"ETag", quoted}};
  open_to_all(response.headers);
  if (!asked.if_none_match.empty() && lists(asked.if_none_match, quoted)) {
    response.status = 304;
  } else {
    response.body = std::move(picture);
  }
  return response;
}

RangeKind parse_range(std::string_view header, std::uint64_t size, ByteRange& out) {
  out = {0, size};
  if (!header.starts_with("bytes=") || header.find(',') != std::string_view::npos) return RangeKind::whole;
  header = trim(header.substr(6));
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return RangeKind::whole;
  const auto left = trim(header.substr(0, dash)), right = trim(header.substr(dash + 1));
  const auto first = parse_number<std::uint64_t>(left), last = parse_number<std::uint64_t>(right);
  if (left.empty()) {
    if (!last) return RangeKind::whole;
    if (*last == 0 || size == 0) return RangeKind::unsatisfiable;
    out.count = std::min(*last, size);
    out.first = size - out.count;
    return RangeKind::part;
  }
  if (!first || (!right.empty() && (!last || *last < *first))) return RangeKind::whole;
  if (*first >= size) return RangeKind::unsatisfiable;
  out.first = *first;
  out.count = (right.empty() ? size - 1 : std::min(*last, size - 1)) - *first + 1;
  return RangeKind::part;
}

http::Response media_answer(const Media& media, const Asked& asked) {
  const std::string etag = fmt::format("\"{}\"", media.etag);
  http::Response response;
  response.shared_headers = media_headers(media.type);
  response.headers = {{"ETag", etag}, {"Last-Modified", http_date(media.modified_ms)}};
  if (unchanged(asked, etag, media.modified_ms)) {
    response.status = 304;
    return response;
  }
  ByteRange range{0, media.range.size};
  const bool wanted = asked.if_range.empty() || asked.if_range == etag || asked.if_range == http_date(media.modified_ms);
  switch (wanted ? parse_range(asked.range, media.range.size, range) : RangeKind::whole) {
    case RangeKind::unsatisfiable:
      response.status = 416;
      response.headers.emplace_back("Content-Range", fmt::format("bytes */{}", media.range.size));
      return response;
    case RangeKind::part:
      response.status = 206;
      response.headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", range.first,
                                                                 range.first + range.count - 1, media.range.size));
      break;
    case RangeKind::whole: break;
  }
  response.body = net::FileRange{media.range.file, media.range.offset + range.first, range.count};
  return response;
}

http::Response error_answer(int status, std::string_view code, std::string_view message, unsigned retry_s, unsigned max_age_s) {
  if (status == 404) max_age_s = 1;
  http::Response response = http::Response::json(
      status, fmt::format(R"({{"success":false,"data":null,"error":{{"statusCode":{},"code":"{}","message":"{}"}}}})", status,
                          code, message));
  response.headers.emplace_back("Cache-Control", max_age_s > 0 ? fmt::format("public, max-age={}", max_age_s) : "no-store");
  if (retry_s > 0) response.headers.emplace_back("Retry-After", std::to_string(retry_s));
  open_to_all(response.headers);
  return response;
}

http::Response options_answer() {
  http::Response response;
  response.status = 204;
  response.headers = {{"Allow", "GET, HEAD, OPTIONS"},
                      {"Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"},
                      {"Access-Control-Allow-Headers", "Range, If-None-Match, If-Modified-Since, If-Range, X-Trace-Id"},
                      {"Access-Control-Max-Age", "86400"}};
  open_to_all(response.headers);
  return response;
}

}  // namespace sluice::origin
