#include "publisher.hpp"

#include "log/log.hpp"
#include "measures.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

namespace {
constexpr seconds bitrate_window{5};
}

Publisher::Publisher(const Limits& limits, Door door)
    : limits_(limits), door_(std::move(door)), since_(system_clock().wall()), window_began_(system_clock().steady()) {
  presence_->last_heard = window_began_;
}

void Publisher::heard(std::size_t bytes) {
  presence_->last_heard = system_clock().steady();
  measures().bytes.Increment(static_cast<double>(bytes));
}

void Publisher::accept(std::shared_ptr<Stream> stream) {
  if (closed_) return;
  stream_ = std::move(stream);
  begin_media(stream_->intake());
  presence_->last_heard = window_began_ = system_clock().steady();
  presence_->publishing = true;
  stream_->attach(shared_from_this());
  welcome();
}

void Publisher::drop(const std::string& reason) {
  stream_.reset();
  presence_->publishing = false;
  end_media();
  refuse(Refusal::other, reason);
}

bool Publisher::took_in(std::size_t bytes) {
  if (!stream_) return true;
  stream_->took_in();
  if (within_bitrate(bytes)) return true;
  Measures::refused("bitrate").Increment();
  const Held& held = stream_->held();
  log::warn("the publisher sends too much",
            {{"peer", address()}, {"channel", held.channel.name}, {"stream", held.stream.value()}, {"limit_bits_per_second", limits_.bits_per_second}});
  return false;
}

bool Publisher::within_bitrate(std::size_t bytes) {
  window_bytes_ += bytes;
  if (last_heard() - window_began_ < bitrate_window) return window_bytes_ * 8 <= limits_.bits_per_second * bitrate_window.count();
  window_began_ = last_heard();
  window_bytes_ = 0;
  return true;
}

void Publisher::leave(bool goodbye) {
  const auto stream = std::move(stream_);
  stream_.reset();
  presence_->publishing = false;
  end_media();
  if (stream && stream->publisher().get() == this) stream->detach(goodbye);
}

void Publisher::gone() {
  if (std::exchange(closed_, true)) return;
  leave(false);
  door_.closed(*this);
}

}  // namespace sluice::ingestd
