#include "places.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::webd {
namespace {

struct Base {
  bool secure = false;
  std::string host;  // without port; IPv6 in brackets
};

// "https://example.org:8080/x" → {true, "example.org"}; an empty host for what is none.
Base base_of(std::string_view url) {
  Base base;
  if (url.starts_with("https://") || url.starts_with("wss://")) base.secure = true;
  if (auto scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  auto end = url.starts_with('[') ? url.find(']') + 1 : url.find(':');
  base.host = url.substr(0, end);
  bool fit = std::ranges::all_of(base.host, [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
  if (!fit) base.host.clear();
  return base;
}

// Scheme, host and port of a URL, as a policy names a source.
std::string source_of(std::string_view url) {
  auto scheme = url.find("://");
  return std::string(url.substr(0, url.find('/', scheme + 3)));
}

Result<std::string> checked(const app::Settings& settings, const std::string& option, std::string_view scheme) {
  if (!settings.has(option)) return std::string();
  std::string url = settings.text(option);
  while (url.ends_with('/')) url.pop_back();
  std::string plain = std::string(scheme) + "://", secure = std::string(scheme) + "s://";
  if ((!url.starts_with(plain) && !url.starts_with(secure)) || base_of(url).host.empty() ||
      url.find_first_of(" \t\r\n;,'\"?#") != url.npos)
    return fail(Errc::config, "--" + option + " " + url + " is no address that pages can use",
                "give it as " + plain + "HOST[:PORT]");
  return url;
}

}  // namespace

Result<Places> Places::from(const app::Settings& settings) {
  Places places;
  SLUICE_TRY_VALUE(places.public_url_, checked(settings, "public-url", "http"));
  SLUICE_TRY_VALUE(places.origin_url_, checked(settings, "origin-url", "http"));
  SLUICE_TRY_VALUE(places.chat_url_, checked(settings, "chat-url", "ws"));
  SLUICE_TRY_VALUE(const std::string media, checked(settings, "media-url", "http"));
  if (!media.empty()) places.media_ = source_of(media);
  places.origin_port_ = static_cast<std::uint16_t>(settings.integer("origin-port"));
  places.chat_port_ = static_cast<std::uint16_t>(settings.integer("chat-port"));
  return places;
}

Addresses Places::seen_by(const http::Request& request) const {
  Base base = base_of(public_url_.empty() ? "http://" + std::string(request.header("Host")) : public_url_);
  if (base.host.empty()) base.host = "localhost";
  std::string s = base.secure ? "s" : "";
  Addresses addresses;
  addresses.origin = !origin_url_.empty() ? origin_url_ : "http" + s + "://" + base.host + ":" + std::to_string(origin_port_);
  addresses.chat = !chat_url_.empty() ? chat_url_ : "ws" + s + "://" + base.host + ":" + std::to_string(chat_port_);
  if (!addresses.chat.ends_with("/json")) addresses.chat += "/json";
  return addresses;
}

std::string policy_source(std::string_view url) {
  const std::string source(source_of(url.substr(0, url.find_first_of("?#\\"))));
  const std::string host = base_of(source).host;
  if (host.empty() || host.starts_with('[')) return {};  // CSP's grammar knows no IPv6 address
  const std::string_view behind = std::string_view(source).substr(source.find("://") + 3 + host.size());
  const bool port = behind.starts_with(':') && parse_number<std::uint16_t>(behind.substr(1));
  return behind.empty() || port ? source : std::string();
}

std::string Places::policy(const Addresses& addresses, std::string_view pictures) const {
  const std::string origin = source_of(addresses.origin), chat = source_of(addresses.chat);
  const std::string media = media_.empty() || media_ == origin ? origin : origin + " " + media_;
  return "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self'; font-src 'self'; manifest-src 'self'; "
         "img-src 'self' data: " + origin + std::string(pictures) + "; media-src 'self' blob: " + media + "; connect-src 'self' " + media + " " + chat +
         "; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'";
}

}  // namespace sluice::webd
