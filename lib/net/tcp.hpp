#pragma once
// Stream sockets (TCP, Unix): listeners and connections on a Loop. Bytes out are shared, queued without copying and
// written with writev; bytes in arrive as views that live for the call.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"
#include "os/unique_fd.hpp"

namespace sluice::net {

class TlsContext;

// "127.0.0.1:1935", "[::1]:8080", "unix:/run/x.sock"
struct Endpoint {
  std::string host;          // numeric address; empty for Unix sockets
  std::uint16_t port = 0;
  std::string path;          // Unix sockets only
  std::string text() const;
};
Result<Endpoint> parse_endpoint(std::string_view text);

// A part of an open file to be sent (sendfile).
struct FileRange {
  std::shared_ptr<os::UniqueFd> file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // All calls come on the loop's thread, and are made there, save begin_write(). on_closed comes exactly once, last, never from inside send().
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void on_data(ByteView bytes) = 0;
    virtual bool on_eof() { return false; }  // the peer will send no more; true: stay open for sending, false: close()
    virtual void on_drained() {}            // the queue went from something to nothing
    virtual void on_closed(const Error& why) = 0;
  };

  // Takes over a connected descriptor (made non-blocking). The connection keeps itself and the handler alive until closed. With `tls` it is a
  // server's, and the handler sees and sends plain bytes; what is sent before the handshake is done waits for it. A session keeps its context.
  static std::shared_ptr<Connection> adopt(Loop& loop, os::UniqueFd fd, std::shared_ptr<Handler> handler, const TlsContext* tls = nullptr);
  // Connects; `done` gets the connection or the error. Without a `patience` the kernel's counts: two minutes of an address that does not
  // answer.
  static void connect(Loop& loop, const Endpoint& to, std::shared_ptr<Handler> handler,
                      std::function<void(Result<std::shared_ptr<Connection>>)> done, std::chrono::milliseconds patience = {});

  ~Connection();
  void send(SharedBytes bytes);
  void send_now(const SharedBytes& bytes);  // as send(), but written before it returns where nothing waits: for what one of many is sent
  // send_now() in two steps, for what is sent to many: the socket, to be written to once (write_batch.hpp), or -1 where that must wait; then
  // send_rest() is told how much was written. The first is for any thread, so that several write to many connections, each to others, while the
  // loop's own waits for them, and after it called Loop::expect_writes().
  int begin_write();
  void send_rest(const SharedBytes& bytes, std::size_t written);
  void send(Bytes bytes);
  void send_copy(ByteView bytes);
  void send(FileRange range);
  std::size_t queued() const;     // bytes not yet given to the kernel
  std::size_t push_out();         // gives it what it takes of them at once, before the turn's end, and returns what is still queued
  void pause_reading();
  void resume_reading();
  void set_handler(std::shared_ptr<Handler> handler);  // HTTP → WebSocket
  void close();                   // after what is queued is written; unread bytes are swallowed for up to 2 s
  void abort(Error why);          // now
  bool closed() const;
  const Endpoint& peer() const;
  int fd() const;                 // borrowed
  bool encrypted() const;
  os::UniqueFd release();         // hands the descriptor over; the connection is closed without on_closed. Not over TLS

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class Listener {
 public:
  using Accept = std::function<void(os::UniqueFd fd, Endpoint peer)>;
  // Binds with SO_REUSEADDR and listens. Port 0 picks one: see local().
  static Result<std::unique_ptr<Listener>> bind(Loop& loop, const Endpoint& at, Accept accept);
  // Takes over a listening descriptor (socket activation, handover).
  static std::unique_ptr<Listener> adopt(Loop& loop, os::UniqueFd fd, Accept accept);
  ~Listener();
  const Endpoint& local() const;
  void stop();    // for good: closes the descriptor, so that who connects is refused (unless another process holds it too)
  void pause();   // who connects waits in the kernel's queue
  void resume();
  int fd() const;  // borrowed; -1 once stopped

 private:
  struct Impl;
  explicit Listener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
