#include "inlet.hpp"

#include <unistd.h>

#include <cerrno>

#include "outlet.hpp"
#include "relay/frame.hpp"

namespace sluice::transcode {

namespace {
constexpr std::size_t read_size = 64 * 1024;
constexpr std::size_t queued_at_most = 512 * 1024;  // half a second of a rich ladder
}  // namespace

Inlet::Inlet(net::Loop& loop, int fd, std::shared_ptr<net::Connection> to, std::function<void(Result<>)> ended)
    : loop_(loop), fd_(fd), to_(std::move(to)), ended_(std::move(ended)), buffer_(read_size) {
  if (can_be_watched(fd)) watch_ = std::make_unique<net::FdWatch>(loop, fd);
  wait();
}

Inlet::~Inlet() { *alive_ = false; }

void Inlet::wait() {
  if (watch_) return watch_->on_readable([this] { read_once(); });
  loop_.post([this, alive = alive_] {
    if (!*alive || paused_ || over_) return;
    read_once();
    if (*alive && !paused_ && !over_) wait();
  });
}

// One read for each readiness, so that a blocking descriptor serves as well.
void Inlet::read_once() {
  const ssize_t n = ::read(fd_, buffer_.data(), buffer_.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) {
    const Result<> how = n == 0 ? Result<>{} : fail_errno("read the media");
    over_ = true;
    if (watch_) watch_->cancel_readable();
    const auto tell = ended_;
    return tell(how);
  }
  bytes_ += static_cast<std::uint64_t>(n);
  Bytes frame;
  frame.reserve(relay::frame_head + static_cast<std::size_t>(n));
  relay::append_frame(frame, relay::Type::media, ByteView(buffer_).first(static_cast<std::size_t>(n)));
  to_->send(std::move(frame));
  if (to_->queued() < queued_at_most) return;
  paused_ = true;
  if (watch_) watch_->cancel_readable();
}

void Inlet::drained() {
  if (!paused_ || over_) return;
  paused_ = false;
  wait();
}

}  // namespace sluice::transcode
