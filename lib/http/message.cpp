#include "base/text.hpp"
#include "http/response_head.hpp"
#include "http/server.hpp"

namespace sluice::http {
namespace {

std::string_view find(const Headers& headers, std::string_view name) {
  for (const auto& [field, value] : headers)
    if (field.size() == name.size() && ascii_iequals(field, name)) return value;
  return {};
}

}  // namespace

std::string_view Request::header(std::string_view name) const { return find(headers, name); }

SharedHeaders::SharedHeaders(Headers all) : fields(std::move(all)) {
  Bytes rendered;
  append_fields(rendered, fields);
  lines = as_text(rendered);
}

std::string_view Response::header(std::string_view name) const {
  if (shared_headers)
    if (const auto value = find(shared_headers->fields, name); !value.empty()) return value;
  return find(headers, name);
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
  return {status, {{"Content-Type", std::string(type)}}, std::move(body), nullptr};
}

Response Response::json(int status, std::string body) { return text(status, std::move(body), "application/json"); }

}  // namespace sluice::http
