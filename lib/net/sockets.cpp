#include "net/sockets.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace sluice::net {

Result<SocketAddress> to_address(const Endpoint& endpoint) {
  SocketAddress address;
  if (!endpoint.path.empty()) {
    auto* un = reinterpret_cast<sockaddr_un*>(&address.storage);
    if (endpoint.path.size() >= sizeof un->sun_path)
      return fail(Errc::config, fmt::format("socket path {} is longer than {} bytes", endpoint.path, sizeof un->sun_path - 1),
                  "choose a shorter directory");
    un->sun_family = AF_UNIX;
    std::memcpy(un->sun_path, endpoint.path.c_str(), endpoint.path.size() + 1);
    address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + endpoint.path.size() + 1);
    return address;
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, endpoint.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    address.size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, endpoint.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    address.size = sizeof *v6;
  } else {
    return fail(Errc::config, fmt::format("'{}' is not a numeric IP address", endpoint.host), "write 127.0.0.1, ::1, 0.0.0.0 or ::");
  }
  return address;
}

Endpoint to_endpoint(const SocketAddress& address) {
  Endpoint endpoint;
  char text[INET6_ADDRSTRLEN] = "";
  if (address.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    endpoint.host = ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    endpoint.port = ntohs(v4->sin_port);
  } else if (address.storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
      ::inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, sizeof text);
    else
      ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    endpoint.host = text;
    endpoint.port = ntohs(v6->sin6_port);
  } else if (address.storage.ss_family == AF_UNIX && address.size > offsetof(sockaddr_un, sun_path)) {
    endpoint.path = reinterpret_cast<const sockaddr_un*>(&address.storage)->sun_path;
  }
  return endpoint;
}

}  // namespace sluice::net
