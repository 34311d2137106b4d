#include "s3/place.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "s3/signature.hpp"

namespace sluice::s3 {
namespace {

bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter_or_digit(char c) { return lower(c) || digit(c) || (c >= 'A' && c <= 'Z'); }

bool valid_bucket(std::string_view name) {
  if (name.size() < 3 || name.size() > 63 || name.find("..") != std::string_view::npos) return false;
  const auto end = [](char c) { return lower(c) || digit(c); };
  return end(name.front()) && end(name.back()) && std::ranges::all_of(name, [&](char c) { return end(c) || c == '.' || c == '-'; });
}

bool valid_prefix(std::string_view prefix) {
  if (prefix.empty()) return true;
  if (prefix.size() > 512) return false;
  for (const std::string_view piece : split(prefix, '/')) {
    if (piece.empty() || piece == "." || piece == "..") return false;
    if (!std::ranges::all_of(piece, [](char c) { return letter_or_digit(c) || std::string_view("!-_.*'()").find(c) != std::string_view::npos; })) return false;
  }
  return true;
}

bool valid_region(std::string_view region) {
  return !region.empty() && region.size() <= 64 && std::ranges::all_of(region, [](char c) { return letter_or_digit(c) || c == '-' || c == '_'; });
}

// HOST[:PORT], HOST a name, an IPv4 address or an IPv6 address in brackets.
bool valid_host(std::string_view host) {
  if (host.empty() || host.size() > 260) return false;
  std::string_view port;
  if (host.front() == '[') {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    if (!std::ranges::all_of(host.substr(1, end - 1), [](char c) { return letter_or_digit(c) || c == ':' || c == '.'; })) return false;
    if (end + 1 == host.size()) return true;
    if (host[end + 1] != ':') return false;
    port = host.substr(end + 2);
  } else {
    const std::string_view name = host.substr(0, host.find(':'));
    if (name.empty() || !std::ranges::all_of(name, [](char c) { return letter_or_digit(c) || c == '-' || c == '.' || c == '_'; })) return false;
    if (name.size() == host.size()) return true;
    port = host.substr(name.size() + 1);
  }
  const auto number = parse_number<unsigned>(port);
  return number && *number > 0 && *number < 65536;
}

}  // namespace

std::string Place::text() const { return "s3://" + bucket + (prefix.empty() ? "" : "/" + prefix); }
std::string Place::key(std::string_view inside) const { return prefix.empty() ? std::string(inside) : prefix + "/" + std::string(inside); }

Result<Place> parse_place(std::string_view url) {
  constexpr std::string_view scheme = "s3://";
  const std::string given(url);
  if (!url.starts_with(scheme)) return fail(Errc::usage, "'" + given + "' is no place for objects", "write s3://BUCKET or s3://BUCKET/PREFIX");
  url.remove_prefix(scheme.size());
  Place place;
  place.bucket = url.substr(0, url.find('/'));
  if (!valid_bucket(place.bucket))
    return fail(Errc::usage, "'" + given + "' names no bucket", "a bucket's name is 3 to 63 lower-case letters, digits, dots and hyphens");
  url.remove_prefix(std::min(url.size(), place.bucket.size() + 1));
  while (url.ends_with('/')) url.remove_suffix(1);
  place.prefix = url;
  if (!valid_prefix(place.prefix))
    return fail(Errc::usage, "'" + given + "' has a prefix that cannot be used", "letters, digits and !-_.*'() between single slashes");
  return place;
}

Result<Service> parse_service(std::string_view endpoint, std::string_view region) {
  Service service;
  if (!valid_region(region)) return fail(Errc::usage, "'" + std::string(region) + "' is no region", "such as us-east-1");
  service.region = region;
  if (endpoint.empty()) {
    service.host = "s3." + service.region + ".amazonaws.com";
    service.in_path = false;
    return service;
  }
  const std::string given(endpoint);
  const std::size_t end = endpoint.find("://");
  service.scheme = end == std::string_view::npos ? "" : ascii_lower(endpoint.substr(0, end));
  if (service.scheme != "http" && service.scheme != "https")
    return fail(Errc::usage, "'" + given + "' is no endpoint", "write http://HOST:PORT or https://HOST");
  endpoint.remove_prefix(end + 3);
  if (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  // What has a name and a password in it is not repeated.
  if (endpoint.find('@') != std::string_view::npos)
    return fail(Errc::usage, "the endpoint holds an '@'", "keys come from the environment or from a file, never from an address");
  service.host = ascii_lower(endpoint);
  if (!valid_host(service.host)) return fail(Errc::usage, "'" + given + "' is no endpoint", "write http://HOST:PORT or https://HOST, without a path");
  // The port that goes without saying is not said: clients leave it out of the Host field, which is signed.
  const std::string_view usual = service.scheme == "http" ? ":80" : ":443";
  if (service.host.ends_with(usual) && service.host.size() > usual.size()) service.host.resize(service.host.size() - usual.size());
  return service;
}

Target target_of(const Service& service, const Place& place, std::string_view key) {
  Target target;
  // A certificate for *.s3.REGION.amazonaws.com covers no name with a dot in it.
  const bool in_path = service.in_path || place.bucket.find('.') != std::string::npos;
  target.host = in_path ? service.host : place.bucket + "." + service.host;
  target.path = (in_path ? "/" + place.bucket + "/" : "/") + std::string(key);
  target.url = service.scheme + "://" + target.host + encoded_path(target.path);
  return target;
}

}  // namespace sluice::s3
