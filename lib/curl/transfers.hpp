#pragma once
// Many HTTP requests at once over libcurl's multi interface: HTTP/1.1 and HTTP/2, TLS, gzip, redirects, bodies from files. One thread;
// the caller turns it.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "os/unique_fd.hpp"

namespace sluice::curl {

// Why there is an `error`, as far as it matters to somebody.
enum class Fault { none, other, too_large, encoding, certificate, ca_file, url };  // encoding: the body is not what its Content-Encoding says

struct Exchange {
  std::string url;                  // that answered, after redirects
  int status = 0;                   // 0: there was no answer, for `error`
  std::string error;
  Fault fault = Fault::none;
  bool timed_out = false, cut = false;  // cut: the body ended before its length
  int http = 11;                    // version: 10, 11, 20, 30
  std::vector<std::pair<std::string, std::string>> headers;  // of the last answer, names in lower case
  Bytes body;                       // decoded
  Steady asked{}, first{}, done{};  // first: the body's first byte
};

// What a request sends: the first `size` bytes of a file, read as they go out, or bytes in memory.
struct Body {
  std::shared_ptr<os::UniqueFd> file;
  std::uint64_t size = 0;  // of the file
  Bytes bytes;             // without a file
};

struct Request {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<Body> body;
  milliseconds patience{30'000};         // for the whole exchange
  milliseconds to_connect{10'000};       // of it
  std::chrono::seconds stall{0};         // without a byte either way, after which it has failed; 0: only `patience` counts
  bool redirects = false;                // are followed, ten at most
  std::optional<std::size_t> most_answer = {};  // bytes of its body; none: as Settings have it
};

struct Settings {
  std::string ca_file;                   // of certificates to be trusted instead of the system's; empty: the system's
  std::string user_agent = "sluice";
  std::size_t most_answer = 256u << 20;  // bytes of one answer's body
};

class Transfers {
 public:
  using Done = std::function<void(const Exchange&)>;

  explicit Transfers(Settings settings = {});
  ~Transfers();
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  void send(Request request, Done done);
  // Moves bytes for up to `wait`, or until `also` (a descriptor; -1: none) can be read; calls back for each transfer that has ended.
  Result<> turn(milliseconds wait, int also = -1);
  void wake();  // any thread: ends a turn()'s wait
  std::size_t under_way() const;
  // Since when nothing that is under way has moved a byte either way, or ended; none: nothing is under way.
  std::optional<Steady> silent_since() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::curl
