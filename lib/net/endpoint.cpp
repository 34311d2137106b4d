#include <fmt/format.h>

#include "base/text.hpp"
#include "net/tcp.hpp"

namespace sluice::net {

std::string Endpoint::text() const {
  if (!path.empty()) return "unix:" + path;
  if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const std::string hint = "write 127.0.0.1:8080, [::1]:8080 or unix:/path";
  Endpoint endpoint;
  if (text.starts_with("unix:")) {
    endpoint.path = text.substr(5);
    if (endpoint.path.empty()) return fail(Errc::config, "empty socket path", hint);
    return endpoint;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail(Errc::config, fmt::format("no port in '{}'", text), hint);
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return fail(Errc::config, fmt::format("'{}': an IPv6 address stands in brackets", text), hint);
  }
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return fail(Errc::config, fmt::format("no port number in '{}'", text), hint);
  endpoint.host = host == "localhost" ? "127.0.0.1" : std::string(host);
  endpoint.port = *port;
  return endpoint;
}

}  // namespace sluice::net
