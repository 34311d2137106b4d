#include "outlet.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "os/file.hpp"
#include "os/spawn.hpp"

namespace sluice::transcode {

namespace {
constexpr std::size_t full_at = 256 * 1024;
}

bool can_be_watched(int fd) {
  struct stat facts {};
  return ::fstat(fd, &facts) == 0 && (S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode));
}

Outlet::Outlet(net::Loop& loop, int fd, Calls calls) : fd_(fd), calls_(std::move(calls)) {
  if (!can_be_watched(fd)) return;
  flags_ = ::fcntl(fd, F_GETFL);
  if (os::set_nonblocking(fd)) watch_ = std::make_unique<net::FdWatch>(loop, fd);
}

Outlet::~Outlet() {
  if (flags_ >= 0) ::fcntl(fd_, F_SETFL, flags_);
}

bool Outlet::full() const { return waiting_bytes_ >= full_at; }

void Outlet::write(ByteView bytes) {
  if (broken_) return;
  if (!watch_) {
    if (const auto written = os::write_all(fd_, bytes); !written) breaks(written.error());
    return;
  }
  if (waiting_.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno != EAGAIN && errno != EINTR) return breaks(fail_errno("write the media").error());
    if (n > 0) bytes = bytes.subspan(static_cast<std::size_t>(n));
    if (bytes.empty()) return;
    blocked_since_ = system_clock().steady();
    watch_->on_writable([this] { drain(); });
  }
  waiting_.emplace_back(bytes.begin(), bytes.end());
  waiting_bytes_ += bytes.size();
  was_full_ = was_full_ || full();
}

void Outlet::drain() {
  while (!waiting_.empty()) {
    const ByteView front = ByteView(waiting_.front()).subspan(sent_);
    const ssize_t n = ::write(fd_, front.data(), front.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) return breaks(fail_errno("write the media").error());
    blocked_since_ = system_clock().steady();
    sent_ += static_cast<std::size_t>(n);
    waiting_bytes_ -= static_cast<std::size_t>(n);
    if (sent_ < waiting_.front().size()) continue;
    waiting_.pop_front();
    sent_ = 0;
  }
  const bool room = was_full_ && waiting_bytes_ < full_at / 2;
  if (room) was_full_ = false;
  std::function<void()> empty;
  if (waiting_.empty()) {
    blocked_since_.reset();
    watch_->cancel_writable();
    empty = std::exchange(empty_, nullptr);
  }
  const auto make_room = calls_.room;  // the object may be gone after either call
  if (room) make_room();
  if (empty) empty();
}

void Outlet::when_empty(std::function<void()> done) {
  if (waiting_.empty() || broken_) return done();
  empty_ = std::move(done);
}

void Outlet::breaks(const Error& why) {
  broken_ = true;
  waiting_.clear();
  waiting_bytes_ = sent_ = 0;
  blocked_since_.reset();
  if (watch_) watch_->cancel_writable();
  const auto empty = std::exchange(empty_, nullptr);
  const auto broken = calls_.broken;
  broken(why);
  if (empty) empty();
}

}  // namespace sluice::transcode
