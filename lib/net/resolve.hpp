#pragma once
// Names to addresses.
#include <string>
#include <vector>

#include "net/tcp.hpp"

namespace sluice::net {

// getaddrinfo(3): may block for seconds, so call it on an Offload. Numeric hosts come back at once. Errc::unavailable for names
// that are not known, for good or just now.
Result<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port);

}  // namespace sluice::net
