#pragma once
// Server: listens for SRT callers (libsrt, live mode) and brings their bytes to a net::Loop. libsrt waits on its own poll, so
// one thread serves all sockets; what they send is handed over in batches, and a session that is not emptied is no longer
// read: libsrt's own buffer (12 MB) fills, then its caller loses packets.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"
#include "net/tcp.hpp"

namespace sluice::srt {

// Why a caller is refused in the handshake, as it is told (access_control.h of libsrt: 1000 + the HTTP status that fits).
enum class Refusal {
  bad_request = 1400,   // the streamid cannot be read
  unauthorized = 1401,  // no such key
  overload = 1402,      // too many connections
  forbidden = 1403,     // the key does not go with the rest of the streamid
  bad_mode = 1405,      // asks for media, and only publishing is served
  conflict = 1409,      // the channel has a publisher
  media_type = 1415,    // not a stream
  internal = 1500,
  down = 1503,          // stopping, replaced, or keys cannot be looked up just now
};

struct Caller {
  std::string stream_id;  // as it came; may be a secret
  net::Endpoint peer;
};

struct Verdict {
  std::optional<Refusal> refusal;
  std::string passphrase;              // that the caller must have; empty: it must send in clear
  std::shared_ptr<const void> guest;   // whom the caller was found to be: comes back with its session
};

class Session {
 public:
  // All calls come on the loop's thread. on_closed comes exactly once, last, unless the session was closed here.
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void on_data(ByteView bytes) = 0;
    virtual void on_closed(const Error& why) = 0;
  };
  virtual ~Session() = default;
  virtual void start(std::shared_ptr<Handler> handler) = 0;  // what came before is kept until then
  virtual void close() = 0;                                  // no call comes any more
  virtual const net::Endpoint& peer() const = 0;
  virtual const std::shared_ptr<const void>& guest() const = 0;
  virtual std::string peer_version() const = 0;  // of its libsrt: "1.5.1"
};

struct ServerOptions {
  milliseconds latency{120};  // for lost packets to come again; the longer of both sides' holds
};

class Server {
 public:
  struct Callbacks {
    // On libsrt's receiving thread, which serves every session: must answer within microseconds, and touch nothing of the loop's.
    std::function<Verdict(const Caller&)> ask;
    // On the loop's thread.
    std::function<void(std::shared_ptr<Session>)> connected;
    // On the loop's thread: ask() let it in, and the handshake failed all the same: the passphrase is not the same on both sides.
    std::function<void(const net::Endpoint& peer, std::shared_ptr<const void> guest)> failed;
    // On the loop's thread: libsrt's poll failed; another is tried, at once and then once a second.
    std::function<void(const Error& why)> poll_failed = {};
  };
  static Result<std::unique_ptr<Server>> start(net::Loop& loop, ServerOptions options, Callbacks callbacks);
  ~Server();  // closes everything; no call comes any more

  // Binds (UDP). Port 0 picks one: the answer tells. Errc::unavailable when it is taken.
  Result<net::Endpoint> listen(const net::Endpoint& at);
  bool polling() const;  // false while the poll fails: nobody is heard

 private:
  struct Impl;
  explicit Server(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::srt
