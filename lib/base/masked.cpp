#include "base/masked.hpp"

#include <algorithm>

namespace sluice {

std::string without_passwords(std::string_view text) {
  std::string out;
  for (std::size_t scheme; (scheme = text.find("://")) != std::string_view::npos;) {
    // A password of a web URL ends before its path (RFC 3986 3.2); Redis's are read up to the last '@'.
    const bool web = text.substr(0, scheme).ends_with("http") || text.substr(0, scheme).ends_with("https");
    const std::size_t begin = scheme + 3, end = std::min(text.find_first_of(web ? "/?# \t\"'" : " \t\"'", begin), text.size());
    const std::string_view rest = text.substr(begin, end - begin);
    const std::size_t at = rest.rfind('@'), colon = rest.find(':');
    out += text.substr(0, begin);
    if (at == std::string_view::npos || colon > at) out += rest;
    else out.append(rest.substr(0, colon + 1)).append("***").append(rest.substr(at));
    text.remove_prefix(end);
  }
  return out.append(text);
}

}  // namespace sluice
