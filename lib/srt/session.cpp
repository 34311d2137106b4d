#include <fmt/format.h>

#include <array>
#include <utility>

#include "srt/session_impl.hpp"

namespace sluice::srt {

namespace {
constexpr std::size_t most_waiting = 2u << 20;  // bytes that the loop has not taken
constexpr std::size_t largest_packet = 1456;    // SRT_LIVE_MAX_PLSIZE

std::string version_of(SRTSOCKET socket) {
  int version = 0, size = sizeof version;
  if (srt_getsockflag(socket, SRTO_PEERVERSION, &version, &size) != 0) return "";
  return fmt::format("{}.{}.{}", version >> 16 & 0xff, version >> 8 & 0xff, version & 0xff);
}
}  // namespace

PolledSession::PolledSession(net::Loop& loop, std::shared_ptr<Errands> errands, SRTSOCKET socket, net::Endpoint peer,
                             std::shared_ptr<const void> guest)
    : loop_(loop),
      errands_(std::move(errands)),
      socket_(socket),
      peer_(std::move(peer)),
      guest_(std::move(guest)),
      peer_version_(version_of(socket)) {}

bool PolledSession::read() {
  std::array<char, largest_packet> packet;
  std::lock_guard lock(mutex_);
  for (;;) {
    if (incoming_.size() > most_waiting) {
      full_ = true;
      break;
    }
    const int size = srt_recvmsg(socket_, packet.data(), static_cast<int>(packet.size()));
    if (size <= 0) {
      if (size < 0 && srt_getlasterror(nullptr) != SRT_EASYNCRCV && !broken_) broken_ = last_error("receive from " + peer_.text());
      break;
    }
    append(incoming_, std::as_bytes(std::span(packet).first(static_cast<std::size_t>(size))));
  }
  hand_over();
  return !full_ && !broken_;
}

void PolledSession::broken(Error why) {
  std::lock_guard lock(mutex_);
  if (!broken_) broken_ = std::move(why);
  hand_over();
}

void PolledSession::hand_over() {
  if (asked_ || (incoming_.empty() && !broken_)) return;
  asked_ = true;
  loop_.post([self = shared_from_this()] { self->deliver(); });
}

void PolledSession::start(std::shared_ptr<Handler> handler) {
  handler_ = std::move(handler);
  deliver();
}

void PolledSession::deliver() {
  if (closed_ || !handler_) return;  // start() comes here again
  Bytes taken;
  std::optional<Error> why;
  bool resume = false;
  {
    std::lock_guard lock(mutex_);
    asked_ = false;
    taken = std::exchange(incoming_, {});
    resume = std::exchange(full_, false);
    why = broken_;
  }
  if (resume && !why) errands_->resume(socket_);
  const auto keep = shared_from_this();
  if (!taken.empty()) handler_->on_data(taken);
  if (!why || closed_) return;
  closed_ = true;
  errands_->close(socket_);
  std::exchange(handler_, nullptr)->on_closed(*why);
}

void PolledSession::close() {
  if (std::exchange(closed_, true)) return;
  handler_.reset();
  errands_->close(socket_);
}

}  // namespace sluice::srt
