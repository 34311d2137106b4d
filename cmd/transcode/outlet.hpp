#pragma once
// Outlet: bytes to a descriptor whose reader may be slow. What it does not take waits here, and full() says to send no more.
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"

namespace sluice::transcode {

bool can_be_watched(int fd);  // epoll(7) knows pipes and sockets; a file is always ready

class Outlet {
 public:
  struct Calls {
    std::function<void()> room;                 // no longer full
    std::function<void(const Error&)> broken;   // its reader is gone; what is written from now on is dropped
  };
  // `fd` is borrowed, and made non-blocking if it can be watched, until the end: others may share what it stands for.
  Outlet(net::Loop& loop, int fd, Calls calls);
  ~Outlet();

  void write(ByteView bytes);
  bool full() const;
  void when_empty(std::function<void()> done);  // once everything is written, or it broke
  std::optional<Steady> blocked_since() const { return blocked_since_; }  // it takes nothing of what waits

 private:
  void drain();
  void breaks(const Error& why);

  int fd_;
  Calls calls_;
  int flags_ = -1;  // as they were
  std::unique_ptr<net::FdWatch> watch_;
  std::deque<Bytes> waiting_;
  std::size_t waiting_bytes_ = 0, sent_ = 0;  // sent_: of the first
  std::optional<Steady> blocked_since_;
  std::function<void()> empty_;
  bool was_full_ = false, broken_ = false;
};

}  // namespace sluice::transcode
