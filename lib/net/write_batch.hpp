#pragma once
// WriteBatch: short writes to many sockets, handed to the kernel up to 128 at a time by io_uring (Linux 5.18 and later, io_uring_enter(2)).
// Of what a line to one of thousands costs, entering the kernel is a tenth to a third. Where io_uring is not to be had, each is a send(2); where the
// kernel takes no more by it, for the time being.
#include <memory>
#include <string>

#include "base/socket_write.hpp"

namespace sluice::net {

class WriteBatch {
 public:
  enum class By { io_uring, send };
  // Without io_uring where the kernel refuses it, or when `by` says so. One thread at a time may use it.
  explicit WriteBatch(By by = By::io_uring);
  ~WriteBatch();
  WriteBatch(WriteBatch&&) noexcept;
  WriteBatch& operator=(WriteBatch&&) noexcept;

  // Makes them all, in order, and returns when the kernel has taken what it takes at once; no socket is waited for. Not two of one socket.
  void write(std::span<SocketWrite> writes);

  By by() const;
  const std::string& refusal() const { return refusal_; }  // why there is no io_uring; empty: there is, or none was wanted

  static constexpr std::size_t together = 128;

 private:
  struct Ring;
  void open();

  std::unique_ptr<Ring> ring_;  // none: send()
  std::string refusal_;
  bool lost_ = false;           // there was one
  unsigned without_ = 0;        // writes since
};

}  // namespace sluice::net
