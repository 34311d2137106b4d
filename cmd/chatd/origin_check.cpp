#include "origin_check.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::chatd {

std::string_view host_of(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos)
    url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  if (url.starts_with('[')) return url.substr(0, url.find(']') + 1);
  return url.substr(0, url.find(':'));
}

OriginCheck::OriginCheck(std::string_view public_url, std::vector<std::string> allowed)
    : public_host_(host_of(public_url)), allowed_(std::move(allowed)) {}

bool OriginCheck::admits(std::string_view origin, std::string_view host) const {
  if (origin.empty()) return true;
  const bool named = std::ranges::any_of(
      allowed_, [&](const std::string& each) { return each == "*" || ascii_iequals(each, origin); });
  if (named) return true;
  const std::string_view from = host_of(origin);
  if (from.empty() || origin.find("://") == std::string_view::npos) return false;  // "null"
  return ascii_iequals(from, host_of(host)) || ascii_iequals(from, public_host_);
}

}  // namespace sluice::chatd
