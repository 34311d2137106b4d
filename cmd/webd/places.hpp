#pragma once
// Places: where a viewer's browser finds the other programs (decision 23), and what the pages are therefore allowed to reach.
#include <cstdint>
#include <string>
#include <string_view>

#include "app/options.hpp"
#include "base/result.hpp"
#include "http/server.hpp"

namespace sluice::webd {

struct Addresses {
  std::string origin;  // "http://host:8081": playlists at origin + /live/CHANNEL/master.m3u8
  std::string chat;    // "ws://host:8082/json"
};

class Places {
 public:
  // Errc::config for a URL that is no http(s) or ws(s) URL.
  static Result<Places> from(const app::Settings& settings);
  // For the host that this request names, unless the settings say otherwise.
  Addresses seen_by(const http::Request& request) const;
  // Content-Security-Policy for the pages: our own scripts and styles only; connections to those two addresses, and to where playlists name media;
  // pictures also from `pictures`, sources with a blank before each.
  std::string policy(const Addresses& addresses, std::string_view pictures) const;

 private:
  std::string public_url_, origin_url_, chat_url_;
  std::string media_;  // scheme, host and port; empty where all media is origind's
  std::uint16_t origin_port_ = 0, chat_port_ = 0;
};

// Scheme, host and port of a URL as a policy names a source; empty where it has none that is fit to stand there.
std::string policy_source(std::string_view url);

}  // namespace sluice::webd
