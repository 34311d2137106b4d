#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "log/log.hpp"
#include "net/sockets.hpp"
#include "net/tcp.hpp"

namespace sluice::net {

namespace {
constexpr int accepts_per_wake = 64;                      // then others get their turn
constexpr std::chrono::milliseconds pause_without_fds{100};
}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Listener::Impl> {
  Impl(Loop& l, os::UniqueFd f, Accept a) : loop(l), fd(std::move(f)), accept(std::move(a)), watch(std::in_place, l, fd.get()), pause(l) {
    SocketAddress bound;
    if (::getsockname(fd.get(), bound.get(), &bound.size) == 0) local = to_endpoint(bound);
  }

  void start() {
    if (stopped || paused) return;
    watch->on_readable([self = std::weak_ptr(shared_from_this())] {
      if (auto listener = self.lock()) listener->accept_waiting();
    });
  }

  void accept_waiting() {
    for (int i = 0; i < accepts_per_wake && !stopped && !paused; ++i) {
      SocketAddress from;
      os::UniqueFd client(::accept4(fd.get(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!client) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
          log::error("cannot accept: out of descriptors or memory; waiting",
                     {{"listener", local.text()}, {"hint", "raise the limit on open files (ulimit -n, LimitNOFILE=)"}});
          watch->cancel_readable();
          pause.after(pause_without_fds, [this] { start(); });
        }
        return;
      }
      accept(std::move(client), to_endpoint(from));
    }
  }

  // Closed, not only left alone: whoever connects is refused at once instead of waiting in a queue that nobody empties.
  void stop() {
    stopped = true;
    pause.cancel();
    watch.reset();
    fd.reset();
  }

  Loop& loop;
  os::UniqueFd fd;
  Accept accept;
  std::optional<FdWatch> watch;  // none once stopped
  Timer pause;
  Endpoint local;
  bool stopped = false, paused = false;
};

namespace {

std::string hint_for(int errnum, const Endpoint& at) {
  if (errnum == EADDRINUSE)
    return fmt::format("another program holds port {0}: 'ss -ltnp sport = :{0}' names it; stop it, or choose another port", at.port);
  if (errnum == EACCES && at.path.empty())
    return fmt::format("port {} is reserved: choose one from 1024 up, or give the program CAP_NET_BIND_SERVICE", at.port);
  if (errnum == EADDRNOTAVAIL) return "this machine does not have that address: 'ip address' lists those that it has";
  return "";
}

}  // namespace

Listener::Listener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) { impl_->start(); }

Listener::~Listener() { stop(); }

Result<std::unique_ptr<Listener>> Listener::bind(Loop& loop, const Endpoint& at, Accept accept) {
  SLUICE_TRY_VALUE(SocketAddress address, to_address(at));
  os::UniqueFd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("create a socket for " + at.text());
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.storage.ss_family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (!at.path.empty()) ::unlink(at.path.c_str());  // left by a process that was killed
  if (::bind(fd.get(), address.get(), address.size) != 0)
    return fail_errno("listen on " + at.text(), hint_for(errno, at));
  if (!at.path.empty()) ::chmod(at.path.c_str(), 0600);
  if (::listen(fd.get(), 4096) != 0) return fail_errno("listen on " + at.text());
  return adopt(loop, std::move(fd), std::move(accept));
}

std::unique_ptr<Listener> Listener::adopt(Loop& loop, os::UniqueFd fd, Accept accept) {
  return std::unique_ptr<Listener>(new Listener(std::make_shared<Impl>(loop, std::move(fd), std::move(accept))));
}

const Endpoint& Listener::local() const { return impl_->local; }
int Listener::fd() const { return impl_->fd.get(); }

void Listener::pause() {
  impl_->paused = true;
  if (impl_->watch) impl_->watch->cancel_readable();
}
void Listener::resume() {
  impl_->paused = false;
  impl_->start();
}

void Listener::stop() { impl_->stop(); }

}  // namespace sluice::net
