#include "srt/server.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <map>
#include <thread>
#include <vector>

#include "log/log.hpp"
#include "net/sockets.hpp"
#include "os/unique_fd.hpp"
#include "srt/session_impl.hpp"

namespace sluice::srt {

namespace {

constexpr int backlog = 128;
constexpr std::size_t room_for_listeners = 16;
constexpr int poll_retry_ms = 1'000;            // after a poll that failed twice in a row
constexpr int look_ms = 100;                    // at handshakes that ask() let in
constexpr int rest_ms = 2'000;
constexpr seconds handshake_time{5};
constexpr int levels_logged = LOG_ERR;

void from_libsrt(void*, int, const char*, int, const char* area, const char* message) {
  log::debug("libsrt", {{"area", area}, {"message", message}});
}

Result<> set(SRTSOCKET socket, SRT_SOCKOPT option, const auto& value) {
  if (srt_setsockflag(socket, option, &value, sizeof value) == 0) return {};
  return std::unexpected(last_error("set an option of an SRT socket"));
}

net::Endpoint endpoint_of(const sockaddr* address) {
  net::SocketAddress copy;
  copy.size = address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  std::memcpy(&copy.storage, address, copy.size);
  return net::to_endpoint(copy);
}

// A caller that ask() let in; its handshake has still to succeed.
struct Asked {
  SRTSOCKET socket = SRT_INVALID_SOCK;
  net::Endpoint peer;
  std::shared_ptr<const void> guest;
  std::chrono::steady_clock::time_point since;
};

}  // namespace

Error last_error(std::string_view what) {
  int system = 0;
  const int code = srt_getlasterror(&system);
  const Errc kind = code == SRT_EBINDCONFLICT || system == EADDRINUSE ? Errc::unavailable : Errc::io;
  std::string text = srt_getlasterror_str();
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.pop_back();
  return {kind, fmt::format("{}: {}", what, text), ""};
}

struct Server::Impl final : Errands {
  Impl(net::Loop& l, ServerOptions o, Callbacks c)
      : loop(l), options(o), callbacks(std::move(c)), wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  // ---- any thread
  void knock() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake.get(), &one, sizeof one);
  }
  void resume(SRTSOCKET socket) override {
    {
      std::lock_guard lock(mutex);
      to_resume.push_back(socket);
    }
    knock();
  }
  void close(SRTSOCKET socket) override {
    {
      std::lock_guard lock(mutex);
      to_close.push_back(socket);
    }
    knock();
  }

  // ---- libsrt's receiving thread
  static int asked_by_libsrt(void* self, SRTSOCKET socket, int, const sockaddr* peer, const char* stream_id) {
    return static_cast<Impl*>(self)->decide(socket, {stream_id == nullptr ? "" : stream_id, endpoint_of(peer)});
  }
  // No call into libsrt once listeners are being closed: 1.5.1 takes its locks in the other order there, and both would wait for ever.
  int decide(SRTSOCKET socket, const Caller& caller) {
    std::lock_guard one(deciding);
    if (stopping) return -1;
    Verdict verdict = callbacks.ask(caller);
    if (!verdict.refusal && !verdict.passphrase.empty() &&
        srt_setsockflag(socket, SRTO_PASSPHRASE, verdict.passphrase.data(), static_cast<int>(verdict.passphrase.size())) != 0)
      verdict.refusal = Refusal::internal;
    if (verdict.refusal) {
      srt_setrejectreason(socket, static_cast<int>(*verdict.refusal));
      return -1;
    }
    {
      std::lock_guard lock(mutex);
      asked.push_back({socket, caller.peer, std::move(verdict.guest), std::chrono::steady_clock::now()});
    }
    knock();
    return 0;
  }

  // ---- the serving thread
  void serve() {
    std::vector<SRTSOCKET> ready, none;
    while (!stopping) {
      // Room for all: libsrt tells of the least numbers first, and of sessions beyond the room never while those are busy.
      ready.resize(sessions.size() + room_for_listeners);
      none.resize(ready.size());
      int count = static_cast<int>(ready.size()), errors = count, woken = 1;
      SYSSOCKET woke = -1;
      const int found = srt_epoll_wait(poll, ready.data(), &count, none.data(), &errors, handshakes_open() ? look_ms : rest_ms, &woke, &woken, nullptr, nullptr);
      if (found < 0 && srt_getlasterror(nullptr) != SRT_ETIMEOUT) {
        poll_anew(last_error("wait for SRT sockets"));
        continue;
      }
      polling = true;
      std::uint64_t knocks = 0;
      if (found > 0 && woken > 0) [[maybe_unused]] const auto read = ::read(wake.get(), &knocks, sizeof knocks);
      run_errands();
      for (int i = 0; found > 0 && i < count; ++i) {
        if (const auto session = sessions.find(ready[i]); session != sessions.end())
          read(session->second);
        else
          accept_from(ready[i]);
      }
      look_at_handshakes();
    }
  }

  // The poll has failed: its sockets are put into another. The sessions do not notice, unless that fails, too.
  void poll_anew(const Error& why) {
    const bool again = !polling.exchange(false);
    loop.post([alive = std::weak_ptr(alive), this, why] {
      if (alive.lock() && callbacks.poll_failed) callbacks.poll_failed(why);
    });
    if (again) {
      pollfd knock{.fd = wake.get(), .events = POLLIN, .revents = 0};
      ::poll(&knock, 1, poll_retry_ms);
      run_errands();
    }
    if (const int broken = poll.exchange(srt_epoll_create()); broken >= 0) srt_epoll_release(broken);
    const int events = SRT_EPOLL_IN;
    srt_epoll_add_ssock(poll, wake.get(), &events);
    std::unique_lock lock(mutex);
    const std::vector<SRTSOCKET> doors = listeners;
    lock.unlock();
    for (const SRTSOCKET door : doors) watch(door);
    for (const auto& [socket, session] : sessions) watch(socket);
  }

  bool handshakes_open() {
    std::lock_guard lock(mutex);
    return !asked.empty();
  }

  void run_errands() {
    std::vector<SRTSOCKET> resumed, closed;
    {
      std::lock_guard lock(mutex);
      resumed.swap(to_resume);
      closed.swap(to_close);
    }
    for (const SRTSOCKET socket : resumed)
      if (const auto session = sessions.find(socket); session != sessions.end()) watch(socket);
    for (const SRTSOCKET socket : closed) {
      sessions.erase(socket);
      srt_close(socket);
    }
  }

  void watch(SRTSOCKET socket) {
    const int events = SRT_EPOLL_IN | SRT_EPOLL_ERR;
    srt_epoll_add_usock(poll, socket, &events);
  }

  void read(const std::shared_ptr<PolledSession>& session) {
    if (!session->read()) srt_epoll_remove_usock(poll, session->socket());
  }

  void accept_from(SRTSOCKET listener) {
    for (;;) {
      net::SocketAddress from;
      int size = sizeof from.storage;
      const SRTSOCKET socket = srt_accept(listener, from.get(), &size);
      if (socket == SRT_INVALID_SOCK) return;
      auto guest = take_asked(socket);
      if (!guest) {  // ask() never saw it: it cannot be told who it is
        srt_close(socket);
        continue;
      }
      const bool no = false;
      (void)set(socket, SRTO_RCVSYN, no);
      auto session = std::make_shared<PolledSession>(loop, self.lock(), socket, endpoint_of(from.get()), std::move(*guest));
      sessions[socket] = session;
      watch(socket);
      loop.post([alive = std::weak_ptr(alive), this, session] {
        if (alive.lock()) callbacks.connected(session);
      });
    }
  }

  std::optional<std::shared_ptr<const void>> take_asked(SRTSOCKET socket) {
    std::lock_guard lock(mutex);
    for (auto at = asked.begin(); at != asked.end(); ++at) {
      if (at->socket != socket) continue;
      auto guest = std::move(at->guest);
      asked.erase(at);
      return guest;
    }
    return std::nullopt;
  }

  // libsrt is asked without the lock: it may hold one of its own while it waits for decide().
  void look_at_handshakes() {
    const auto now = std::chrono::steady_clock::now();
    std::vector<SRTSOCKET> over;
    {
      std::lock_guard lock(mutex);
      for (const Asked& one : asked) over.push_back(one.socket);
    }
    std::erase_if(over, [](SRTSOCKET socket) { return srt_getsockstate(socket) < SRTS_BROKEN; });
    std::lock_guard lock(mutex);
    std::erase_if(asked, [&](const Asked& one) {
      const bool failed = std::ranges::find(over, one.socket) != over.end() || now - one.since > handshake_time;
      if (failed)
        loop.post([alive = std::weak_ptr(alive), this, peer = one.peer, guest = one.guest] {
          if (alive.lock()) callbacks.failed(peer, guest);
        });
      return failed;
    });
  }

  net::Loop& loop;
  const ServerOptions options;
  const Callbacks callbacks;
  os::UniqueFd wake;
  std::atomic<int> poll = -1;
  std::atomic<bool> polling = true;                            // false from a failure to the next success
  std::weak_ptr<Errands> self;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);  // the loop's: what was posted for a server that has gone is dropped
  std::atomic<bool> stopping = false;
  std::thread thread;
  std::map<SRTSOCKET, std::shared_ptr<PolledSession>> sessions;  // the serving thread's

  std::mutex deciding;
  std::mutex mutex;  // of what follows
  std::vector<SRTSOCKET> listeners, to_resume, to_close;
  std::list<Asked> asked;
};

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Server>> Server::start(net::Loop& loop, ServerOptions options, Callbacks callbacks) {
  if (srt_startup() < 0) return std::unexpected(last_error("start libsrt"));
  srt_setloglevel(levels_logged);
  srt_setlogflags(SRT_LOGF_DISABLE_TIME | SRT_LOGF_DISABLE_SEVERITY | SRT_LOGF_DISABLE_THREADNAME | SRT_LOGF_DISABLE_EOL);
  srt_setloghandler(nullptr, from_libsrt);
  std::unique_ptr<Server> server(new Server(std::make_shared<Impl>(loop, options, std::move(callbacks))));
  Impl& impl = *server->impl_;
  impl.self = server->impl_;
  impl.poll = srt_epoll_create();
  const int events = SRT_EPOLL_IN;
  if (impl.poll < 0 || !impl.wake || srt_epoll_add_ssock(impl.poll, impl.wake.get(), &events) < 0)
    return std::unexpected(last_error("make an SRT poll"));
  impl.thread = std::thread([&impl] { impl.serve(); });
  return server;
}

Server::~Server() {
  impl_->stopping = true;
  impl_->knock();
  if (impl_->thread.joinable()) impl_->thread.join();
  impl_->alive.reset();  // that thread has copied it
  { std::lock_guard last(impl_->deciding); }
  for (const SRTSOCKET socket : impl_->listeners) srt_close(socket);
  for (const auto& [socket, session] : impl_->sessions) srt_close(socket);
  impl_->sessions.clear();  // each holds the other
  if (impl_->poll >= 0) srt_epoll_release(impl_->poll);
  srt_cleanup();
}

bool Server::polling() const { return impl_->polling; }

Result<net::Endpoint> Server::listen(const net::Endpoint& at) {
  SLUICE_TRY_VALUE(net::SocketAddress address, net::to_address(at));
  const SRTSOCKET socket = srt_create_socket();
  if (socket == SRT_INVALID_SOCK) return std::unexpected(last_error("create an SRT socket"));
  const auto prepared = [&]() -> Result<> {
    const int live = SRTT_LIVE, latency = static_cast<int>(impl_->options.latency.count()), only = 1;
    const bool no = false;
    SLUICE_TRY(set(socket, SRTO_TRANSTYPE, live));
    SLUICE_TRY(set(socket, SRTO_RCVSYN, no));
    SLUICE_TRY(set(socket, SRTO_RCVLATENCY, latency));
    if (address.storage.ss_family == AF_INET6) SLUICE_TRY(set(socket, SRTO_IPV6ONLY, only));
    srt_listen_callback(socket, Impl::asked_by_libsrt, impl_.get());
    if (srt_bind(socket, address.get(), static_cast<int>(address.size)) != 0) return std::unexpected(last_error("listen on " + at.text()));
    if (srt_listen(socket, backlog) != 0) return std::unexpected(last_error("listen on " + at.text()));
    return {};
  }();
  net::SocketAddress bound;
  int size = sizeof bound.storage;
  if (!prepared || srt_getsockname(socket, bound.get(), &size) != 0) {
    srt_close(socket);
    Error error = prepared ? last_error("listen on " + at.text()) : prepared.error();
    if (error.code == Errc::unavailable)
      error.hint = fmt::format("another program holds port {0}: 'ss -lunp sport = :{0}' names it; stop it, or choose another port", at.port);
    return std::unexpected(std::move(error));
  }
  {
    std::lock_guard lock(impl_->mutex);
    impl_->listeners.push_back(socket);
  }
  impl_->watch(socket);
  return endpoint_of(bound.get());
}

}  // namespace sluice::srt
