#include "platform/addresses.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <arpa/inet.h>

namespace sluice::platform {

namespace {
using Ipv6 = std::array<std::uint8_t, 16>;
constexpr Ipv6 mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // and then the IPv4 address
constexpr std::size_t mapped_bytes = 12, network_bytes = 8;

std::string written(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, address, text.data(), text.size()) != nullptr ? text.data() : "";
}
}  // namespace

std::string counted_as(std::string_view address) {
  const std::string text(address.substr(0, address.find('%')));  // without a scope
  Ipv6 six{};
  if (::inet_pton(AF_INET6, text.c_str(), six.data()) != 1) return std::string(address);
  if (std::equal(mapped.begin(), mapped.begin() + mapped_bytes, six.begin()))
    return written(AF_INET, six.data() + mapped_bytes);
  std::fill(six.begin() + network_bytes, six.end(), std::uint8_t{0});
  return written(AF_INET6, six.data()) + "/64";
}

}  // namespace sluice::platform
