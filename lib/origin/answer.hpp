#pragma once
// From a resource to an HTTP answer: caching by decision 13, validators, ranges, CORS (RFC 9110, 9111; RFC 8216bis 6.2.1,
// appendix B.1). Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "hls/content_types.hpp"
#include "http/server.hpp"

namespace sluice::origin {

// What of a request shapes its answer; kept while the answer waits.
struct Asked {
  bool gzip = false;
  std::string if_none_match, if_modified_since, range, if_range;
  static Asked from(const http::Request& request);
};

// A playlist drawn once and shared by all who ask for it.
struct Rendered {
  SharedBytes plain, gzip;  // gzip is empty until somebody accepts it
  std::string etag;         // of the plain text, unquoted
  std::int64_t modified_ms = 0;
  std::string quoted_etag(bool compressed) const;

  struct Head {
    bool gzip = false;
    std::uint32_t max_age_s = 0;
    std::shared_ptr<const http::SharedHeaders> headers;
  };
  std::vector<Head> heads;  // of the answers given so far: few
};
Rendered render(std::string text, std::int64_t modified_ms);

// The playlist (or another text), compressed when that is accepted, or 304.
http::Response playlist_answer(Rendered& rendered, const Asked& asked, std::uint32_t max_age_s, const char* type = hls::playlist_type);
// A JPEG that was made, or 304.
http::Response picture_answer(SharedBytes picture, const std::string& etag, const Asked& asked, const std::string& caching);

struct Media {
  net::FileRange range;
  std::string_view type;
  std::string etag;          // unquoted
  std::int64_t modified_ms = 0;
};
// 200, 206, 304 or 416; immutable.
http::Response media_answer(const Media& media, const Asked& asked);

// {"error": {"statusCode": …, "code": …, "message": …}} with Retry-After when retry_s > 0. Caches may keep it for max_age_s; 404 for a second.
http::Response error_answer(int status, std::string_view code, std::string_view message, unsigned retry_s = 0, unsigned max_age_s = 0);
http::Response options_answer();

std::string http_date(std::int64_t unix_ms);  // "Sun, 06 Nov 1994 08:49:37 GMT"

// One range of "bytes=…" within a representation of `size` bytes (RFC 9110 14.1.2).
struct ByteRange {
  std::uint64_t first = 0, count = 0;
};
enum class RangeKind { whole, part, unsatisfiable };  // whole: no range, several, another unit, or malformed
RangeKind parse_range(std::string_view header, std::uint64_t size, ByteRange& out);

}  // namespace sluice::origin
