#include "net/packet_link.hpp"

#include <fcntl.h>

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "os/unique_fd.hpp"

namespace sluice::net {

struct PacketLink::Impl : std::enable_shared_from_this<PacketLink::Impl> {
  struct Waiting {
    std::string text;
    std::vector<os::UniqueFd> fds;
  };

  Impl(Loop& l, os::PacketSocket s, std::chrono::milliseconds p, Handler h)
      : loop(l), socket(std::move(s)), patience(p), handler(std::move(h)), watch(std::in_place, l, socket.fd()), limit(l) {}

  void listen() {
    if (watch) watch->on_readable([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->read();
    });
  }

  void read() {
    while (watch && !paused) {
      bool empty = false;
      auto message = socket.try_receive(empty);
      if (empty) return;
      if (!message || !*message) return lose(message ? "it has gone" : message.error().what);
      handler.message(**message);
    }
  }

  // False: it takes none just now.
  bool sent(std::string_view text, std::span<const int> fds) {
    bool full = false;
    if (const auto done = socket.try_send(text, fds, full); !done) lose(done.error().what);
    return !full;
  }

  void send(std::string_view text, std::span<const int> fds) {
    if (!watch || (line.empty() && sent(text, fds))) return;
    Waiting waiting{std::string(text), {}};
    for (const int fd : fds) {
      waiting.fds.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
      if (!waiting.fds.back()) return lose("no descriptor is free for what it is to be given");
    }
    line.push_back(std::move(waiting));
    if (line.size() == 1) wait();
  }

  void wait() {
    limit.after(patience, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->lose("it takes no messages");
    });
    watch->on_writable([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->go_on();
    });
  }

  void go_on() {
    for (bool some = false; watch && !line.empty(); some = true) {
      std::vector<int> fds;
      for (const os::UniqueFd& fd : line.front().fds) fds.push_back(fd.get());
      if (!sent(line.front().text, fds)) return some ? wait() : void();
      if (watch) line.pop_front();
    }
    if (!watch) return;
    limit.cancel();
    watch->cancel_writable();
    handler.room();
  }

  void lose(std::string why) {
    if (!watch) return;
    stop();
    tell_loss(std::move(why));
  }

  void tell_loss(std::string why) {
    loop.post([weak = weak_from_this(), why = std::move(why)] {
      const auto self = weak.lock();
      if (!self || !self->handler.lost) return;
      if (self->paused) return void(self->untold = why);
      std::exchange(self->handler.lost, nullptr)(why);
    });
  }

  void stop() {
    watch.reset();
    limit.cancel();
    line.clear();
  }

  Loop& loop;
  os::PacketSocket socket;
  const std::chrono::milliseconds patience;
  Handler handler;
  std::optional<FdWatch> watch;  // none: lost, or destroyed
  Timer limit;
  std::deque<Waiting> line;
  bool paused = false;
  std::optional<std::string> untold;  // it was lost while it was paused
};

PacketLink::PacketLink(Loop& loop, os::PacketSocket socket, std::chrono::milliseconds patience, Handler handler)
    : impl_(std::make_shared<Impl>(loop, std::move(socket), patience, std::move(handler))) {
  impl_->listen();
}

PacketLink::~PacketLink() {
  impl_->stop();
  impl_->handler.lost = nullptr;
}

void PacketLink::send(std::string_view text, std::span<const int> fds) { impl_->send(text, fds); }
bool PacketLink::free() const { return impl_->line.empty(); }
void PacketLink::pause() {
  impl_->paused = true;
  if (impl_->watch) impl_->watch->cancel_readable();
}
void PacketLink::resume() {
  impl_->paused = false;
  impl_->listen();
  if (auto why = std::exchange(impl_->untold, std::nullopt)) impl_->tell_loss(*std::move(why));
}
int PacketLink::fd() const { return impl_->socket.fd(); }

}  // namespace sluice::net
