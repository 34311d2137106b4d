#pragma once
// Where a Redis server is: redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]. HOST is a name, an IPv4 address or an IPv6 address in
// brackets; USER and PASSWORD are percent-encoded.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::redis {

struct Url {
  std::string host;
  std::uint16_t port = 6379;
  unsigned database = 0;
  std::string user, password;  // secret; an empty user is Redis's own default user
  std::string text() const;    // for logs: without user and password
};

// Errc::config, without the URL's own words when it holds a password.
Result<Url> parse_url(std::string_view text);

}  // namespace sluice::redis
