#include "net/poller.hpp"

#include <sys/epoll.h>

#include <array>
#include <cerrno>

namespace sluice::net {

namespace {
constexpr std::size_t batch_size = 128;  // then the loop's other work has its turn
}

Poller::Poller(boost::asio::io_context& context)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), watched_(context, epoll_.get()), waiting_(context) {
  arm();
}

Poller::~Poller() {
  if (watched_.is_open()) watched_.release();
}

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

void Poller::coalesce(std::chrono::milliseconds interval) {
  interval_ = interval;
  if (interval.count() > 0 || watched_.is_open()) return;
  waiting_.cancel();
  while (tell() == batch_size) {
  }
  watched_.assign(epoll_.get());
  arm();
}

void Poller::arm() {
  watched_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error) woken();
  });
}

void Poller::woken() {
  const auto now = std::chrono::steady_clock::now();
  if (now - told_ < interval_) return pause(told_ + interval_);
  told_ = now;
  tell();
  arm();
}

// Not watched meanwhile: each socket that becomes ready would wake the loop.
void Poller::pause(std::chrono::steady_clock::time_point until) {
  if (watched_.is_open()) watched_.release();
  waiting_.expires_at(until);
  waiting_.async_wait([this](const boost::system::error_code& error) {
    if (error || watched_.is_open()) return;
    told_ = std::chrono::steady_clock::now();
    if (const std::size_t told = tell(); told > 0) return pause(told == batch_size ? told_ : told_ + interval_);  // more may be ready
    watched_.assign(epoll_.get());
    arm();
  });
}

std::size_t Poller::tell() {
  std::array<epoll_event, batch_size> batch;
  const int count = ::epoll_wait(epoll_.get(), batch.data(), batch.size(), 0);
  if (count <= 0) return 0;
  for (telling_ = std::span(batch).first(static_cast<std::size_t>(count)); !telling_.empty();) {
    const epoll_event event = telling_.front();
    telling_ = telling_.subspan(1);
    if (event.data.ptr == nullptr) continue;
    const bool ended = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    static_cast<Source*>(event.data.ptr)->ready((event.events & EPOLLIN) != 0 || ended, (event.events & EPOLLOUT) != 0 || ended, ended);
  }
  return static_cast<std::size_t>(count);
}

}  // namespace sluice::net
