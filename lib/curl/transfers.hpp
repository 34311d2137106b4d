#pragma once
// Many HTTP GETs at once over libcurl's multi interface: HTTP/1.1 and HTTP/2, TLS, gzip, redirects. One thread; the caller turns it.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace sluice::curl {

struct Exchange {
  std::string url;                  // that answered, after redirects
  int status = 0;                   // 0: there was no answer, for `error`
  std::string error;
  bool timed_out = false, cut = false;  // cut: the body ended before its length
  int http = 11;                    // version: 10, 11, 20, 30
  std::vector<std::pair<std::string, std::string>> headers;  // of the last answer, names in lower case
  Bytes body;                       // decoded
  Steady asked{}, first{}, done{};  // first: the body's first byte
};

class Transfers {
 public:
  using Done = std::function<void(const Exchange&)>;

  // `ca_file`: of certificates to be trusted instead of the system's; empty: the system's.
  explicit Transfers(std::string ca_file = {});
  ~Transfers();
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  void get(const std::string& url, milliseconds patience, Done done);
  // Moves bytes for up to `wait`; calls back for each transfer that has ended.
  Result<> turn(milliseconds wait);
  std::size_t under_way() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::curl
