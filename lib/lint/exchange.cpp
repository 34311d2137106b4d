#include "lint/exchange.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::lint {

std::string_view Reply::header(std::string_view name) const {
  const auto at = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return at == headers.end() ? std::string_view() : std::string_view(at->second);
}

std::string Reply::why_cut() const {
  if (fault == Fault::too_large) return "the answer's body is too large: " + error;
  if (fault == Fault::encoding) return "the answer's body is not what its Content-Encoding says: " + error;
  return "the answer was cut short: " + error;
}

bool Reply::gzipped() const { return ascii_iequals(trim(header("content-encoding")), "gzip"); }

double Reply::max_age_s() const {
  double age = -1;
  for (std::string_view directive : split(header("cache-control"), ',')) {
    directive = trim(directive);
    if (ascii_iequals(directive, "no-store") || ascii_iequals(directive, "no-cache")) return 0;
    if (ascii_lower(directive.substr(0, 8)) == "max-age=") age = parse_real(directive.substr(8)).value_or(-1);
  }
  return age;
}

}  // namespace sluice::lint
