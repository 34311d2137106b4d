#pragma once
// What is asked of a server and what comes back, as hlslint sees it: no sockets, times are given.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"

namespace sluice::lint {

// Bytes of a body, decoded. A day of segments of a second has a playlist of 10 MB.
constexpr std::size_t most_playlist = 16u << 20, most_media = 256u << 20;

// A GET, with gzip accepted; redirects are followed.
struct Ask {
  std::uint64_t id = 0;
  std::string url;
  milliseconds patience{0};  // after which it is given up
  std::size_t most = most_playlist;
};

// Why it is not whole or not there, where asking again would not help. encoding: the body is not what its Content-Encoding says;
// untrusted: nobody vouches for the server's certificate; certificates, url: those that we were given are none.
enum class Fault { none, too_large, encoding, untrusted, certificates, url };

struct Reply {
  std::uint64_t id = 0;
  std::string url;                // that answered, after redirects
  int status = 0;                 // 0: there was none, for `error`
  std::string error;
  bool timed_out = false;         // its patience was over
  bool cut = false;               // the body ended before its length
  int http = 11;                  // version: 10, 11, 20, 30
  std::vector<std::pair<std::string, std::string>> headers;  // of the last answer, names in lower case
  Bytes body;                     // decoded
  Steady asked{}, first{}, done{};  // sent; first byte of the body; last byte
  Fault fault = Fault::none;

  std::string_view header(std::string_view name) const;  // empty when there is none
  bool gzipped() const;
  // Seconds that a cache may keep it: max-age of Cache-Control, 0 for no-store and no-cache; -1 when nothing tells.
  double max_age_s() const;
  bool ok() const { return status == 200 && !cut; }
  // Refused, reset, cut off: what was asked for has no answer yet, as when the server's program starts anew.
  bool broken_off() const { return !timed_out && fault == Fault::none && (status == 0 || (status == 200 && cut)); }
  std::string told() const { return status > 0 ? "status " + std::to_string(status) : error; }
  std::string why_cut() const;  // what is wrong with the body
};

}  // namespace sluice::lint
