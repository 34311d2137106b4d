#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <optional>

#include "net/loop_impl.hpp"
#include "net/send_queue.hpp"
#include "net/sockets.hpp"
#include "net/tcp.hpp"
#include "net/tls.hpp"

namespace sluice::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_size = 256 * 1024;     // one buffer a thread: a connection at rest holds none
constexpr int reads_per_turn = 4;                 // then others have theirs
constexpr std::chrono::seconds linger_time{2};

std::span<std::byte> read_buffer() {
  thread_local const std::unique_ptr<std::byte[]> buffer(new std::byte[read_size]);
  return {buffer.get(), read_size};
}

// TLS on a connection: what has been enciphered waits here for the socket, at most one record and what the handshake says.
struct Cipher {
  explicit Cipher(const TlsContext& context) : session(context) {}
  TlsSession session;
  SendQueue out;
  void collect() { out.push(session.take_output()); }
};

}  // namespace

struct Connection::Impl final : Poller::Source {
  Impl(Loop& l, os::UniqueFd f, std::shared_ptr<Handler> h, const TlsContext* tls)
      : loop(l), fd(std::move(f)), handler(std::move(h)), cipher(tls ? std::make_unique<Cipher>(*tls) : nullptr) {}

  Loop& loop;
  os::UniqueFd fd;
  std::shared_ptr<Handler> handler;
  const std::unique_ptr<Cipher> cipher;  // null: in clear
  SendQueue queue;
  std::uint32_t wrote_in = 0;  // the turn in which it last wrote past its queue
  bool readable = false;  // an edge was told, and not all behind it has been read
  bool peer_ended = false;  // the peer's end was told: it comes behind what is read
  bool read_again_asked = false, read_paused = false, read_ended = false;
  bool blocked = false;  // the socket took no more: an edge will tell
  bool flush_asked = false;
  bool closing = false, lingering = false, closed = false;
  bool end_told = false;  // of TLS
  bool pushed_out = false;  // since the last flush, which tells when all has gone
  std::weak_ptr<Connection> self;
  std::optional<Timer> linger;  // of a closing one: those that are open need none
  Endpoint peer;

  void ready(bool can_read, bool can_write, bool ended) override {
    const auto keep = self.lock();
    peer_ended = peer_ended || ended;
    readable = readable || can_read;
    if (can_write && std::exchange(blocked, false)) flush();
    if (readable) read_waiting();
  }

  void read_waiting() {
    const auto buffer = read_buffer();
    for (int i = 0; i < reads_per_turn; ++i) {
      if (closed || read_paused || read_ended) return;
      const ssize_t n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
      if (n < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) return finish(fail_errno("receive from " + peer.text()).error());
        readable = false;
        return;
      }
      if (n == 0) return end_reading();
      // A short read means that nothing more is waiting, unless it is the end, of which no other edge tells.
      const bool all = static_cast<std::size_t>(n) < buffer.size() && !peer_ended;
      if (all) readable = false;
      take(buffer.first(static_cast<std::size_t>(n)));
      if (all) return;
    }
    read_again();
  }

  void end_reading() {
    read_ended = true;
    if (lingering) return finish(Error{Errc::io, "closed", ""});
    if (!closing && !handler->on_eof() && !closed) start_closing();
  }

  void take(ByteView bytes) {
    if (!cipher) {
      if (!closing) handler->on_data(bytes);
      return;
    }
    if (lingering) return;
    Bytes plain;
    const Result<> read = cipher->session.receive(bytes, plain);
    cipher->collect();
    if (!read) {  // an alert may tell the peer
      if (!cipher->out.empty()) cipher->out.write_to(fd.get());
      return finish(read.error());
    }
    // A handshake that is done lets go what waits for it.
    if (!blocked && (!cipher->out.empty() || (cipher->session.established() && !queue.empty()))) ask_for_flush();
    if (!closing && !plain.empty()) handler->on_data(plain);
    if (!closed && !read_ended && cipher->session.ended()) end_reading();
  }

  // Goes on with what an edge has told, after others have had their turn.
  void read_again() {
    if (!readable || read_again_asked) return;
    read_again_asked = true;
    asio::post(loop.impl().context, [this, keep = self.lock()] {
      read_again_asked = false;
      read_waiting();
    });
  }

  void enqueue(SendQueue::Content content) {
    if (closing || closed) return;
    if (queue.push(std::move(content)) && !blocked) ask_for_flush();
  }

  // What a line to one of thousands costs beside the write itself is fetching its connection's memory: so once a turn, where nothing waits, the write
  // is made while it is at hand. What follows in the same turn (of a client in many rooms) goes together, at its end.
  void send_now(const SharedBytes& bytes) {
    loop.impl().end_turn();
    const int socket = begin_write();
    const ssize_t n = socket < 0 ? 0 : ::send(socket, bytes->data(), bytes->size(), MSG_NOSIGNAL);
    send_rest(bytes, n > 0 ? static_cast<std::size_t>(n) : 0);  // an error comes again, when what waits is written
  }

  // Touches only what is this connection's own.
  int begin_write() {
    if (closing || closed || cipher || blocked || flush_asked || wrote_in == loop.impl().turn || !queue.empty()) return -1;
    wrote_in = loop.impl().turn;
    return fd.get();
  }

  void send_rest(const SharedBytes& bytes, std::size_t sent) {
    if (closing || closed || sent == bytes->size()) return;
    if (queue.push(bytes, sent) && !blocked) ask_for_flush();
  }

  // Everything sent in one turn of the loop goes out in one write.
  void ask_for_flush() {
    if (flush_asked) return;
    flush_asked = true;
    auto& unflushed = loop.impl().unflushed;
    unflushed.push_back(self.lock());
    if (unflushed.size() > 1) return;
    asio::post(loop.impl().context, [&loop = loop.impl()] {
      const auto batch = std::exchange(loop.unflushed, {});
      for (const auto& connection : batch) connection->impl_->flush_now();
    });
  }

  void flush_now() {
    flush_asked = false;
    if (!closed) flush();
  }

  std::size_t queued() const { return queue.size() + (cipher ? cipher->out.size() : 0); }

  void flush() {
    const bool had = queued() > 0 || std::exchange(pushed_out, false);
    if (const auto written = write_out(); !written) return finish(written.error());
    if (blocked || !queue.empty()) return;  // the socket is full, or the handshake is not done
    if (closing) return start_lingering();
    if (had) handler->on_drained();
  }

  // What waits, as far as the socket takes it. An error: this is the end of the connection.
  Result<> write_out() {
    for (;;) {
      if (cipher && cipher->out.empty()) SLUICE_TRY(encipher());
      SendQueue& next = cipher ? cipher->out : queue;
      if (next.empty()) return {};
      const ssize_t n = next.write_to(fd.get());
      if (n == 0) return cut_short();
      if (n > 0 || errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return fail_errno("send to " + peer.text());
      blocked = true;
      return {};
    }
  }

  // Nobody is told of anything: what an error is, and that all is gone, the flush says that has been asked for.
  std::size_t push_out() {
    if (closed || blocked || queued() == 0) return queued();
    pushed_out = write_out().has_value();
    return queued();
  }

  // One record of what waits; when all has gone and the connection is closing, its end.
  Result<> encipher() {
    if (closing && !cipher->session.established()) queue.clear();  // nobody would ever read it
    if (queue.empty()) {
      if (closing && !std::exchange(end_told, true)) cipher->session.close();
    } else if (cipher->session.established()) {
      Bytes plain;
      if (!queue.take(TlsSession::record_size, plain)) return errno == 0 ? cut_short() : fail_errno("read what is sent to " + peer.text());
      cipher->session.send(plain);
    }
    cipher->collect();
    return {};
  }

  std::unexpected<Error> cut_short() const { return fail(Errc::io, "the file being sent to " + peer.text() + " was cut short"); }

  void start_closing() {
    if (closing || closed) return;
    closing = true;
    if (queue.empty() && !flush_asked) {  // never from inside the caller's stack
      ask_for_flush();
    }
  }

  // The write side is shut; what the peer still sends is swallowed for a moment, so that a reset does not overtake
  // the last answer.
  void start_lingering() {
    if (read_ended) return finish(Error{Errc::io, "closed", ""});
    lingering = true;
    ::shutdown(fd.get(), SHUT_WR);
    linger.emplace(loop).after(linger_time, [this] { finish(Error{Errc::io, "closed", ""}); });
    read_paused = false;
    read_again();
  }

  void finish(Error why) {
    if (closed) return;
    closed = true;
    const auto keep = self.lock();
    linger.reset();
    loop.impl().poller.remove(fd.get(), *this);
    fd.reset();
    queue.clear();
    const auto last = std::exchange(handler, nullptr);
    loop.impl().open.erase(keep);
    last->on_closed(why);
  }
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() {
  if (!impl_->closed) impl_->loop.impl().poller.remove(impl_->fd.get(), *impl_);
}

std::shared_ptr<Connection> Connection::adopt(Loop& loop, os::UniqueFd fd, std::shared_ptr<Handler> handler, const TlsContext* tls) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on Unix sockets, where it is not needed
  std::shared_ptr<Connection> connection(
      new Connection(std::make_unique<Impl>(loop, std::move(fd), std::move(handler), tls)));
  Impl& impl = *connection->impl_;
  impl.self = connection;
  loop.impl().open.insert(connection);
  SocketAddress peer;
  if (::getpeername(impl.fd.get(), peer.get(), &peer.size) == 0) impl.peer = to_endpoint(peer);
  if (const auto watched = loop.impl().poller.add(impl.fd.get(), impl); !watched) connection->abort(watched.error());
  return connection;
}

namespace {
using Connected = std::function<void(Result<std::shared_ptr<Connection>>)>;

// A connection that is being made; the loop holds it until it is told of.
struct Attempt : std::enable_shared_from_this<Attempt> {
  Attempt(Loop& l, os::UniqueFd f, Endpoint t, std::shared_ptr<Connection::Handler> h, Connected d)
      : loop(l), fd(std::move(f)), to(std::move(t)), handler(std::move(h)), done(std::move(d)), watch(std::in_place, l, fd.get()), patience(l) {}

  void start(std::chrono::milliseconds limit) {
    loop.impl().connecting.insert(shared_from_this());
    watch->on_writable([this] { writable(); });
    if (limit.count() > 0) patience.after(limit, [this] { conclude(fail(Errc::unavailable, "connect to " + to.text() + ": no answer in time")); });
  }

  void writable() {
    int errnum = 0;
    socklen_t size = sizeof errnum;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &errnum, &size);
    if (errnum != 0) return conclude(fail_errno(errnum, "connect to " + to.text()));
    watch.reset();  // unregisters before the connection registers
    conclude(Connection::adopt(loop, std::move(fd), handler));
  }

  void conclude(Result<std::shared_ptr<Connection>> how) {
    const auto keep = shared_from_this();
    loop.impl().connecting.erase(keep);
    patience.cancel();
    watch.reset();
    fd.reset();
    done(std::move(how));
  }

  Loop& loop;
  os::UniqueFd fd;
  Endpoint to;
  std::shared_ptr<Connection::Handler> handler;
  Connected done;
  std::optional<FdWatch> watch;
  Timer patience;
};
}  // namespace

void Connection::connect(Loop& loop, const Endpoint& to, std::shared_ptr<Handler> handler, Connected done, std::chrono::milliseconds patience) {
  auto report = [&loop, done](Error error) { loop.post([done, error] { done(std::unexpected(error)); }); };
  auto address = to_address(to);
  if (!address) return report(address.error());
  os::UniqueFd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return report(fail_errno("create a socket for " + to.text()).error());
  if (::connect(fd.get(), address->get(), address->size) != 0 && errno != EINPROGRESS)
    return report(fail_errno("connect to " + to.text()).error());
  std::make_shared<Attempt>(loop, std::move(fd), to, std::move(handler), std::move(done))->start(patience);
}

void Connection::send(SharedBytes bytes) { impl_->enqueue({std::move(bytes)}); }
void Connection::send_now(const SharedBytes& bytes) { impl_->send_now(bytes); }
int Connection::begin_write() { return impl_->begin_write(); }
void Connection::send_rest(const SharedBytes& bytes, std::size_t written) { impl_->send_rest(bytes, written); }
void Connection::send(Bytes bytes) { impl_->enqueue({std::move(bytes)}); }
void Connection::send_copy(ByteView bytes) { impl_->enqueue({Bytes(bytes.begin(), bytes.end())}); }
void Connection::send(FileRange range) { impl_->enqueue({std::move(range)}); }
std::size_t Connection::queued() const { return impl_->queued(); }
std::size_t Connection::push_out() { return impl_->push_out(); }
void Connection::pause_reading() { impl_->read_paused = true; }
void Connection::resume_reading() {
  impl_->read_paused = false;
  impl_->read_again();
}
void Connection::set_handler(std::shared_ptr<Handler> handler) {
  if (!impl_->closed) impl_->handler = std::move(handler);
}
void Connection::close() { impl_->start_closing(); }
void Connection::abort(Error why) {
  if (impl_->closed) return;
  impl_->closing = true;
  impl_->queue.clear();
  impl_->loop.post([keep = shared_from_this(), why = std::move(why)] { keep->impl_->finish(why); });
}
bool Connection::closed() const { return impl_->closed; }
const Endpoint& Connection::peer() const { return impl_->peer; }
int Connection::fd() const { return impl_->fd.get(); }
bool Connection::encrypted() const { return impl_->cipher != nullptr; }

os::UniqueFd Connection::release() {
  impl_->closed = true;
  impl_->linger.reset();
  impl_->loop.impl().poller.remove(impl_->fd.get(), *impl_);
  impl_->handler.reset();
  impl_->queue.clear();
  auto fd = std::move(impl_->fd);
  impl_->loop.impl().open.erase(shared_from_this());
  return fd;
}

}  // namespace sluice::net
