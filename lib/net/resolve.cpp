#include "net/resolve.hpp"

#include <netdb.h>

#include <cstring>

#include "net/sockets.hpp"

namespace sluice::net {

Result<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found); error != 0)
    return fail(Errc::unavailable, "look up " + host + ": " + ::gai_strerror(error));
  std::vector<Endpoint> all;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
    all.push_back(to_endpoint(address));
  }
  ::freeaddrinfo(found);
  if (all.empty()) return fail(Errc::unavailable, "look up " + host + ": it has no address");
  return all;
}

}  // namespace sluice::net
