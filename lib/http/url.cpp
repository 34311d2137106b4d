#include "http/url.hpp"

#include <algorithm>

#include "base/percent.hpp"

namespace sluice::http {
namespace {

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string decode_query_part(std::string_view text) {
  std::string spaced(text);
  for (char& c : spaced)
    if (c == '+') c = ' ';
  auto decoded = percent_decoded(spaced);
  return decoded ? *std::move(decoded) : std::string(text);
}

bool safe_path(std::string_view path) {
  for (unsigned char c : path)
    if (c < 0x20 || c == 0x7f) return false;
  for (std::size_t at = path.find("/.."); at != path.npos; at = path.find("/..", at + 1))
    if (at + 3 == path.size() || path[at + 3] == '/') return false;
  return true;
}

}  // namespace

std::string percent_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    if (unreserved(c)) {
      out += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

Query parse_query(std::string_view text) {
  Query query;
  while (!text.empty()) {
    auto part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (part.empty()) continue;
    auto equals = part.find('=');
    query.emplace_back(decode_query_part(part.substr(0, equals)),
                       equals == part.npos ? std::string() : decode_query_part(part.substr(equals + 1)));
  }
  return query;
}

std::optional<Target> parse_target(std::string_view target) {
  if (target == "*") return Target{"/", {}};
  if (!target.starts_with('/')) {
    auto authority = target.find("://");
    if (authority == target.npos || authority == 0) return std::nullopt;
    target.remove_prefix(std::min(target.size(), target.find_first_of("/?", authority + 3)));
  }
  Target parsed;
  auto question = target.find('?');
  auto path = target.substr(0, question);
  if (path.find('%') == path.npos) {
    parsed.path = path;
  } else {
    auto decoded = percent_decoded(path);
    if (!decoded) return std::nullopt;
    parsed.path = *std::move(decoded);
  }
  if (parsed.path.empty()) parsed.path = "/";
  if (!safe_path(parsed.path)) return std::nullopt;
  if (question != target.npos) parsed.query = parse_query(target.substr(question + 1));
  return parsed;
}

}  // namespace sluice::http
