#pragma once
// Socket calls with our endpoints: for lib/net, and rooms that wrap a library with sockets of its own.
#include <sys/socket.h>

#include "base/result.hpp"
#include "net/tcp.hpp"

namespace sluice::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Result<SocketAddress> to_address(const Endpoint& endpoint);  // numeric hosts only
Endpoint to_endpoint(const SocketAddress& address);

}  // namespace sluice::net
