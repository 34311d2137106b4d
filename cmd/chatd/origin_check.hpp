#pragma once
// Which pages may open a socket: those of chatd's own host, of the platform's public address, and of origins
// allowed by name.
#include <string>
#include <string_view>
#include <vector>

namespace sluice::chatd {

class OriginCheck {
 public:
  OriginCheck(std::string_view public_url, std::vector<std::string> allowed);
  // `origin` is the header's value, empty when absent (no browser); `host` the Host header's.
  bool admits(std::string_view origin, std::string_view host) const;

 private:
  std::string public_host_;
  std::vector<std::string> allowed_;
};

std::string_view host_of(std::string_view url_or_authority);  // "http://a:1/b" → "a", "[::1]:8082" → "[::1]"

}  // namespace sluice::chatd
