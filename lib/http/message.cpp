#include "base/text.hpp"
#include "http/server.hpp"

namespace sluice::http {

std::string_view Request::header(std::string_view name) const {
  for (const auto& [field, value] : headers)
    if (ascii_iequals(field, name)) return value;
  return {};
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

// RFC 9110 12.5.3: gzip, x-gzip or *, unless its weight is zero.
bool Request::accepts_gzip() const {
  for (auto coding : split(header("Accept-Encoding"), ',')) {
    auto name = trim(coding.substr(0, coding.find(';')));
    if (!ascii_iequals(name, "gzip") && !ascii_iequals(name, "x-gzip") && name != "*") continue;
    auto weight = coding.find("q=");
    if (weight == coding.npos) return true;
    auto value = parse_real(trim(coding.substr(weight + 2)));
    return value && *value > 0;
  }
  return false;
}

Response Response::text(int status, std::string body, std::string_view type) {
  return {status, {{"Content-Type", std::string(type)}}, std::move(body)};
}

Response Response::json(int status, std::string body) { return text(status, std::move(body), "application/json"); }

}  // namespace sluice::http
