#include "http/forwarded.hpp"

#include <array>

#include <arpa/inet.h>

#include "base/text.hpp"

namespace sluice::http {

std::string forwarded_for(std::string_view header) {
  const std::size_t comma = header.rfind(',');
  std::string last(trim(comma == std::string_view::npos ? header : header.substr(comma + 1)));
  std::array<unsigned char, sizeof(in6_addr)> address;
  const bool known =
      last.find('\0') == std::string::npos && (::inet_pton(AF_INET, last.c_str(), address.data()) == 1 ||
                                               ::inet_pton(AF_INET6, last.c_str(), address.data()) == 1);
  return known ? last : std::string();
}

}  // namespace sluice::http
