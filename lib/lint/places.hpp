#pragma once
// URLs of a presentation and the short names that findings use for them: what lies below the first playlist's folder is named from
// there, everything else by its whole URL.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::lint {

// A reference as seen from `base` (RFC 3986 5.2); `base` is an absolute http or https URL. A fragment is dropped.
std::string resolve_url(std::string_view base, std::string_view reference);

// The URL with delivery directives added to its query, all parameters in the order of their names (8216bis 6.2.5).
struct Directives {
  std::optional<std::uint64_t> msn, part;
  bool skip = false;
};
std::string with_directives(std::string_view url, const Directives& directives);
std::string without_directives(std::string_view url);  // the other parameters stay
std::string_view host_of(std::string_view url);  // without user and port; empty where there is none
std::string_view path_of(std::string_view url);  // without scheme, host, query: "/live/master.m3u8"

class Places {
 public:
  // `first`: the URL that the presentation was asked for at, after redirects.
  explicit Places(std::string_view first);
  const std::string& root() const { return root_; }  // "http://host/live/"
  std::string name(std::string_view url) const;
  std::string url(std::string_view name) const;

 private:
  std::string root_;
};

}  // namespace sluice::lint
