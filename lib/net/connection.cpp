#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <deque>
#include <optional>

#include "net/loop_impl.hpp"
#include "net/sockets.hpp"
#include "net/tcp.hpp"

namespace sluice::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_size = 256 * 1024;     // one buffer a thread: a connection at rest holds none
constexpr int reads_per_turn = 4;                 // then others have theirs
constexpr std::size_t buffers_per_write = 64;
constexpr std::size_t file_bytes_per_write = 1024 * 1024;
constexpr std::chrono::seconds linger_time{2};

std::span<std::byte> read_buffer() {
  thread_local const std::unique_ptr<std::byte[]> buffer(new std::byte[read_size]);
  return {buffer.get(), read_size};
}

struct Chunk {
  std::variant<Bytes, SharedBytes, FileRange> content;
  std::size_t sent = 0;

  std::size_t size() const {
    if (const auto* own = std::get_if<Bytes>(&content)) return own->size() - sent;
    if (const auto* shared = std::get_if<SharedBytes>(&content)) return (*shared)->size() - sent;
    return std::get<FileRange>(content).size - sent;
  }
  bool is_file() const { return std::holds_alternative<FileRange>(content); }
  ByteView view() const {
    if (const auto* own = std::get_if<Bytes>(&content)) return ByteView(*own).subspan(sent);
    return ByteView(*std::get<SharedBytes>(content)).subspan(sent);
  }
};

}  // namespace

struct Connection::Impl final : Poller::Source {
  Impl(Loop& l, os::UniqueFd f, std::shared_ptr<Handler> h)
      : loop(l), fd(std::move(f)), handler(std::move(h)), linger(l) {}

  Loop& loop;
  os::UniqueFd fd;
  std::shared_ptr<Handler> handler;
  Timer linger;
  Endpoint peer;
  std::deque<Chunk> queue;
  std::size_t queued = 0;
  std::weak_ptr<Connection> self;
  bool readable = false;  // an edge was told, and not all behind it has been read
  bool peer_ended = false;  // the peer's end was told: it comes behind what is read
  bool read_again_asked = false, read_paused = false, read_ended = false;
  bool blocked = false;  // the socket took no more: an edge will tell
  bool flush_asked = false;
  bool closing = false, lingering = false, closed = false;

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
      if (n == 0) {
        read_ended = true;
        if (lingering) return finish(Error{Errc::io, "closed", ""});
        if (!closing && !handler->on_eof() && !closed) start_closing();
        return;
      }
      // A short read means that nothing more is waiting, unless it is the end, of which no other edge tells.
      const bool all = static_cast<std::size_t>(n) < buffer.size() && !peer_ended;
      if (all) readable = false;
      if (!closing) handler->on_data(buffer.first(static_cast<std::size_t>(n)));
      if (all) return;
    }
    read_again();
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

  void enqueue(Chunk chunk) {
    if (closing || closed) return;
    const std::size_t size = chunk.size();
    if (size == 0) return;
    queue.push_back(std::move(chunk));
    queued += size;
    if (!blocked) ask_for_flush();
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

  void flush() {
    const bool had = !queue.empty();
    while (!queue.empty()) {
      const ssize_t n = queue.front().is_file() ? write_file() : write_buffers();
      if (n < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
          blocked = true;
          return;
        }
        return finish(fail_errno("send to " + peer.text()).error());
      }
      if (n == 0) return finish(Error{Errc::io, "the file being sent to " + peer.text() + " was cut short", ""});
      consume(static_cast<std::size_t>(n));
    }
    if (closing) return start_lingering();
    if (had) handler->on_drained();
  }

  ssize_t write_buffers() {
    std::array<iovec, buffers_per_write> parts;
    std::size_t count = 0;
    for (const Chunk& chunk : queue) {
      if (count == parts.size() || chunk.is_file()) break;
      const ByteView view = chunk.view();
      parts[count++] = {const_cast<std::byte*>(view.data()), view.size()};
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const bool more = count < queue.size();  // a file follows its headers: let the kernel join them
    return ::sendmsg(fd.get(), &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  }

  ssize_t write_file() {
    const Chunk& chunk = queue.front();
    const FileRange& range = std::get<FileRange>(chunk.content);
    off_t offset = static_cast<off_t>(range.offset + chunk.sent);
    return ::sendfile(fd.get(), range.file->get(), &offset, std::min(chunk.size(), file_bytes_per_write));
  }

  void consume(std::size_t n) {
    queued -= n;
    while (n > 0) {
      Chunk& front = queue.front();
      const std::size_t part = std::min(n, front.size());
      front.sent += part;
      n -= part;
      if (front.size() == 0) queue.pop_front();
    }
  }

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
    linger.after(linger_time, [this] { finish(Error{Errc::io, "closed", ""}); });
    read_paused = false;
    read_again();
  }

  void finish(Error why) {
    if (closed) return;
    closed = true;
    const auto keep = self.lock();
    linger.cancel();
    loop.impl().poller.remove(fd.get(), *this);
    fd.reset();
    queue.clear();
    queued = 0;
    const auto last = std::exchange(handler, nullptr);
    loop.impl().open.erase(keep);
    last->on_closed(why);
  }
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() {
  if (!impl_->closed) impl_->loop.impl().poller.remove(impl_->fd.get(), *impl_);
}

std::shared_ptr<Connection> Connection::adopt(Loop& loop, os::UniqueFd fd, std::shared_ptr<Handler> handler) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on Unix sockets, where it is not needed
  std::shared_ptr<Connection> connection(
      new Connection(std::make_unique<Impl>(loop, std::move(fd), std::move(handler))));
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
void Connection::send(Bytes bytes) { impl_->enqueue({std::move(bytes)}); }
void Connection::send_copy(ByteView bytes) { impl_->enqueue({Bytes(bytes.begin(), bytes.end())}); }
void Connection::send(FileRange range) { impl_->enqueue({std::move(range)}); }
std::size_t Connection::queued() const { return impl_->queued; }
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
  impl_->queued = 0;
  impl_->loop.post([keep = shared_from_this(), why = std::move(why)] { keep->impl_->finish(why); });
}
bool Connection::closed() const { return impl_->closed; }
const Endpoint& Connection::peer() const { return impl_->peer; }
int Connection::fd() const { return impl_->fd.get(); }

os::UniqueFd Connection::release() {
  impl_->closed = true;
  impl_->linger.cancel();
  impl_->loop.impl().poller.remove(impl_->fd.get(), *impl_);
  impl_->handler.reset();
  impl_->queue.clear();
  auto fd = std::move(impl_->fd);
  impl_->loop.impl().open.erase(shared_from_this());
  return fd;
}

}  // namespace sluice::net
