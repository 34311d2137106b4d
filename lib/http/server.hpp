#pragma once
// An HTTP/1.1 server (RFC 9110, 9112) on a net::Loop: keep-alive, pipelining in order, HEAD, chunked request bodies, limits and
// time-outs, late answers (blocking playlists), streams (SSE) and protocol upgrades (WebSocket). The parser is
// request_parser.hpp: Beast's bounds neither the number of fields nor the trailers, and lets folded lines through.
//
// Malformed or excessive requests are answered here and never reach the handler: 400, 405 (CONNECT), 408 (too slow),
// 413, 414, 431, 501, 503 (too many connections), 505. Everything runs on the loop's thread.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"
#include "net/tcp.hpp"

namespace sluice::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;            // "GET"
  std::string target;            // as sent: "/live/a/b.m3u8?_HLS_msn=3"
  std::string path;              // percent-decoded, no query; always begins with '/', never holds ".." segments
  std::vector<std::pair<std::string, std::string>> query;  // percent-decoded, in order
  Headers headers;
  std::string body;
  net::Endpoint peer;
  std::string trace_id;          // the client's X-Trace-Id, or one made here: goes into whatever is logged of the request

  bool is_get() const { return method == "GET" || method == "HEAD"; }  // HEAD is answered like GET, the body left out
  std::string_view header(std::string_view name) const;               // case-insensitive; empty when absent
  std::optional<std::string_view> parameter(std::string_view name) const;
  bool accepts_gzip() const;
};

using Body = std::variant<std::monostate, std::string, SharedBytes, net::FileRange>;

// Headers that many answers share, as lines made once.
struct SharedHeaders {
  explicit SharedHeaders(Headers fields);
  Headers fields;
  std::string lines;             // each with its CRLF
};

struct Response {
  int status = 200;
  Headers headers;               // Content-Length, Date, Connection are added
  Body body;
  std::shared_ptr<const SharedHeaders> shared_headers;  // go before `headers`; may be null
  std::string_view header(std::string_view name) const;  // of both, case-insensitive; empty when absent
  static Response text(int status, std::string body, std::string_view type = "text/plain; charset=utf-8");
  static Response json(int status, std::string body);
  Response& with(std::string_view name, std::string_view value) {
    headers.emplace_back(name, value);
    return *this;
  }
};

// Answers one request, now or later, from the loop's thread. Copies share the request; the first answer counts. When
// the last copy dies unanswered, the client gets 500; when it dies in the middle of a stream, the connection is closed.
class Responder {
 public:
  void respond(Response response) const;
  // Headers now, bytes as they come, until end() or the client leaves. queued() tells how far the client lags. Chunked,
  // unless the head brings its own Content-Length.
  void begin_stream(Response head) const;
  void write(SharedBytes bytes) const;
  void end() const;
  std::size_t queued() const;
  // The client left before the end. A stream is also gone when the client half-closes; another answer is not.
  void on_gone(std::function<void()> gone) const;
  bool gone() const;
  // Counts this request in http_request_duration_seconds{method,route,status_code} when it is answered. The pattern, not
  // the path ("/api/channels/:name"); it must live for ever.
  void route(const char* pattern) const;
  // 101 with these headers, then the connection and the bytes already read past the request belong to the caller.
  using Upgraded = std::function<std::shared_ptr<net::Connection::Handler>(std::shared_ptr<net::Connection>)>;
  void upgrade(Headers headers, Upgraded take_over) const;

  struct State;
  explicit Responder(std::shared_ptr<State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<State> state_;
};

struct Limits {
  std::size_t header_bytes = 16 * 1024;
  std::size_t body_bytes = 1024 * 1024;
  std::size_t connections = 15'000;
  std::chrono::milliseconds header_time{10'000};  // from the first byte of a request to its last
  std::chrono::milliseconds idle_time{75'000};    // between requests
  std::chrono::milliseconds write_time{30'000};   // without progress
};

// The request lives for the call only: copy out of it what a late answer needs.
using Handler = std::function<void(const Request&, Responder)>;

class Server {
 public:
  Server(net::Loop& loop, Handler handler, Limits limits = {});
  ~Server();
  Result<> listen(const net::Endpoint& at);
  void listen(os::UniqueFd listening);
  // A connection accepted elsewhere; over TLS with `tls`. `place` is kept until it is closed or upgraded.
  void take(os::UniqueFd connected, net::Endpoint peer, const net::TlsContext* tls = nullptr, std::shared_ptr<void> place = {});
  std::vector<net::Endpoint> local() const;
  std::vector<int> listening() const;  // borrowed descriptors
  // Sees every answer of the handler before it goes (headers that all of them carry). Not those to malformed requests.
  void on_answer(std::function<void(Response&)> finish);
  // Accepts no more, closes idle connections, lets answers under way finish. A stream ends when its owner ends it.
  void drain(std::function<void()> done);
  std::size_t connections() const;
  void limit_connections(std::size_t most);  // from now on; none that are open are closed

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::http
