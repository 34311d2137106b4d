#include "net/poller.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sluice::net {

namespace {
constexpr std::size_t batch_size = 128;  // then the loop's other work has its turn
}

Poller::Poller(boost::asio::io_context& context)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), watched_(context, epoll_.get()), pause_(context) {
  arm();
}

Poller::~Poller() { watched_.release(); }

Result<> Poller::add(int fd, Source& source) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &source}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("watch a socket");
  return {};
}

void Poller::remove(int fd, Source& source) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  for (epoll_event& event : telling_)
    if (event.data.ptr == &source) event.data.ptr = nullptr;
}

void Poller::arm() {
  watched_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error) woken();
  });
}

void Poller::woken() {
  const auto tell_and_arm = [this] {
    tell();
    arm();
  };
  if (interval_.count() == 0) return tell_and_arm();
  const auto now = std::chrono::steady_clock::now();
  const auto due = told_ + interval_;
  told_ = std::max(now, due);
  if (due <= now) return tell_and_arm();
  pause_.expires_at(due);
  pause_.async_wait([tell_and_arm](const boost::system::error_code& error) {
    if (!error) tell_and_arm();
  });
}

void Poller::tell() {
  std::array<epoll_event, batch_size> batch;
  const int count = ::epoll_wait(epoll_.get(), batch.data(), batch.size(), 0);
  if (count <= 0) return;
  if (count == static_cast<int>(batch.size())) told_ = {};  // more are ready: they have waited long enough
  for (telling_ = std::span(batch).first(static_cast<std::size_t>(count)); !telling_.empty();) {
    const epoll_event event = telling_.front();
    telling_ = telling_.subspan(1);
    if (event.data.ptr == nullptr) continue;
    const bool ended = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    static_cast<Source*>(event.data.ptr)->ready((event.events & EPOLLIN) != 0 || ended, (event.events & EPOLLOUT) != 0 || ended, ended);
  }
}

}  // namespace sluice::net
