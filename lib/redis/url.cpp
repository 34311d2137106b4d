#include "redis/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/percent.hpp"
#include "base/text.hpp"

namespace sluice::redis {

namespace {
constexpr std::string_view scheme = "redis://";
constexpr std::string_view hint = "write redis://HOST, redis://HOST:6379/0 or redis://[::1]:6379";

bool is_host(std::string_view host) {
  constexpr std::string_view others = "/@[]";
  return !host.empty() && host.size() <= 253 &&
         std::ranges::all_of(host, [&](unsigned char c) { return c > ' ' && c < 127 && others.find(static_cast<char>(c)) == others.npos; });
}
}  // namespace

std::string Url::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}{}:{}/{}", scheme, v6 ? "[" : "", host, v6 ? "]" : "", port, database);
}

Result<Url> parse_url(std::string_view text) {
  const auto wrong = [](std::string_view what) { return fail(Errc::config, fmt::format("the Redis URL {}", what), std::string(hint)); };
  if (!text.starts_with(scheme)) return wrong("does not begin with redis://");
  std::string_view rest = text.substr(scheme.size());
  Url url;
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const auto colon = login.find(':');
    if (colon == std::string_view::npos) return wrong("has a user without a password");
    const auto user = percent_decoded(login.substr(0, colon)), password = percent_decoded(login.substr(colon + 1));
    if (!user || !password || password->empty()) return wrong("has a password that cannot be read");
    url.user = *user;
    url.password = *password;
  }
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string_view database = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
    const auto number = database.empty() ? 0u : parse_number<unsigned>(database);
    if (!number || *number > 65535) return wrong("names a database that is no number");
    url.database = *number;
  }
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return wrong("has a bracket that is not closed");
    url.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest[0] != ':') return wrong("has something behind the address that is no port");
  } else {
    const auto colon = rest.find(':');
    url.host = rest.substr(0, colon);
    rest.remove_prefix(std::min(colon, rest.size()));
  }
  if (!is_host(url.host)) return wrong("names no host");
  if (!rest.empty()) {
    const auto port = parse_number<std::uint16_t>(rest.substr(1));
    if (!port || *port == 0) return wrong("has a port that is no number from 1 to 65535");
    url.port = *port;
  }
  return url;
}

}  // namespace sluice::redis
