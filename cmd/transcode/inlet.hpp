#pragma once
// Inlet: what a descriptor gives, sent to a connection as media frames as it comes. While the connection holds much, nothing is read:
// whoever writes waits in its own pipe.
#include <functional>
#include <memory>

#include "net/loop.hpp"
#include "net/tcp.hpp"

namespace sluice::transcode {

class Inlet {
 public:
  // `fd` is borrowed; a pipe or a socket, or a file, which is always ready. `ended` comes once: at its end, or for an error.
  Inlet(net::Loop& loop, int fd, std::shared_ptr<net::Connection> to, std::function<void(Result<>)> ended);
  ~Inlet();
  void drained();  // the connection's queue is empty
  bool paused() const { return paused_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void wait();
  void read_once();

  net::Loop& loop_;
  int fd_;
  std::shared_ptr<net::Connection> to_;
  std::function<void(Result<>)> ended_;
  std::unique_ptr<net::FdWatch> watch_;          // none for a file
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Bytes buffer_;
  bool paused_ = false, over_ = false;
  std::uint64_t bytes_ = 0;
};

}  // namespace sluice::transcode
