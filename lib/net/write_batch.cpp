#include "net/write_batch.hpp"

#include <liburing.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace sluice::net {

namespace {
constexpr unsigned try_again = 1000;  // writes after a ring was lost

std::size_t taken(ssize_t result) { return result > 0 ? static_cast<std::size_t>(result) : 0; }

void send_each(std::span<SocketWrite> writes) {
  for (SocketWrite& write : writes)
    write.written = taken(::send(write.socket, write.bytes.data(), write.bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}
}  // namespace

struct WriteBatch::Ring {
  io_uring ring{};
  bool open = false;
  ~Ring() {
    if (open) ::io_uring_queue_exit(&ring);
  }

  // 0, or the error. Without IORING_SETUP_SUBMIT_ALL one bad descriptor would hold back all behind it.
  int start() {
    const int error = -::io_uring_queue_init(together, &ring, IORING_SETUP_SUBMIT_ALL);
    open = error == 0;
    return error;
  }

  // How many the kernel has made, the first ones; it makes the others never. With MSG_DONTWAIT each is done, or refused, when it has been taken.
  std::size_t submit(std::span<SocketWrite> writes) {
    for (std::size_t i = 0; i < writes.size(); ++i) {
      io_uring_sqe* entry = ::io_uring_get_sqe(&ring);
      ::io_uring_prep_send(entry, writes[i].socket, writes[i].bytes.data(), writes[i].bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      ::io_uring_sqe_set_data64(entry, i);
    }
    int submitted;
    do submitted = ::io_uring_submit_and_wait(&ring, static_cast<unsigned>(writes.size()));
    while (submitted == -EINTR);
    return submitted < 0 ? 0 : collect(writes, static_cast<std::size_t>(submitted));
  }

  std::size_t collect(std::span<SocketWrite> writes, std::size_t submitted) {
    for (std::size_t done = 0; done < submitted;) {
      io_uring_cqe* entry;
      unsigned head, seen = 0;
      io_uring_for_each_cqe(&ring, head, entry) {
        writes[entry->user_data].written = taken(entry->res);
        ++seen;
      }
      ::io_uring_cq_advance(&ring, seen);
      done += seen;
      if (done < submitted) ::io_uring_wait_cqe(&ring, &entry);
    }
    return submitted;
  }
};

WriteBatch::WriteBatch(By by) {
  if (by == By::io_uring) open();
}

void WriteBatch::open() {
  auto ring = std::make_unique<Ring>();
  if (const int error = ring->start(); error != 0) {
    refusal_ = std::string("io_uring: ") + std::strerror(error);
  } else {
    ring_ = std::move(ring);
    refusal_.clear();
  }
}

WriteBatch::~WriteBatch() = default;
WriteBatch::WriteBatch(WriteBatch&&) noexcept = default;
WriteBatch& WriteBatch::operator=(WriteBatch&&) noexcept = default;

WriteBatch::By WriteBatch::by() const { return ring_ ? By::io_uring : By::send; }

void WriteBatch::write(std::span<SocketWrite> writes) {
  if (lost_ && ++without_ >= try_again) {
    lost_ = false;
    open();
  }
  while (ring_ && !writes.empty()) {
    const auto now = writes.first(std::min(together, writes.size()));
    const std::size_t made = ring_->submit(now);
    writes = writes.subspan(made);
    if (made == now.size()) continue;
    // What it has not taken it must not take later: the ring goes, with what is left in it.
    ring_.reset();
    lost_ = true;
    without_ = 0;
    refusal_ = "io_uring: the kernel took no more";
  }
  send_each(writes);
}

}  // namespace sluice::net
