#pragma once
// URLs: percent-encoding (RFC 3986 2.1), request targets (RFC 9112 3.2) and query strings.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

using Query = std::vector<std::pair<std::string, std::string>>;

// Everything but unreserved characters (RFC 3986 2.3) becomes %XX: fit for one path segment or one query value.
std::string percent_encode(std::string_view text);

// "a=1&b=x%20y+z" in order, decoded, '+' read as a space. A value that does not decode is kept as it was sent.
Query parse_query(std::string_view text);

struct Target {
  std::string path;  // decoded; begins with '/'; no ".." segment, no control character
  Query query;
};
// Origin form ("/a?b"), absolute form ("http://host/a?b") or "*" (read as "/"). Nothing when it is none of them.
std::optional<Target> parse_target(std::string_view target);

}  // namespace sluice::http
