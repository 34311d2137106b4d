#pragma once
// Delivery: bytes for many members, written by one thread. Sockets that take them at once are given to the
// kernel together; what is left is the rooms' own thread's to queue.
#include <array>
#include <deque>
#include <functional>
#include <vector>

#include "base/socket_write.hpp"
#include "chat/member.hpp"

namespace sluice::chat {

class Delivery {
 public:
  using Write = std::function<void(std::span<SocketWrite>)>;
  // `write`, which outlives it, makes writes; none: nothing is written here, everything is queued.
  explicit Delivery(const Write& write) : write_(write) {}
  Delivery(const Delivery&) = delete;  // it points into itself

  // On any thread. `bytes` must stay until finish(), but for `its_own`, which is kept here.
  void give(Sink& sink, const SharedBytes& bytes, SharedBytes& its_own);
  void write();  // what has been gathered: when all have been given theirs

  // On the rooms' own thread.
  void finish();
  std::size_t count() const { return count_; }  // what was given

 private:
  struct Due {
    Sink* sink;
    const SharedBytes* bytes;
    std::size_t written = 0;
  };
  static constexpr std::size_t together = 128;

  const Write& write_;
  std::array<SocketWrite, together> writes_;
  std::array<Due, together> gathered_;  // for each of them
  std::size_t size_ = 0;                // of both
  // A sink that was given its socket is not given it again: what it gets after that, of other rooms, goes
  // behind the rest of the write.
  std::vector<Due> rests_, queued_;
  std::deque<SharedBytes> own_;
  std::size_t count_ = 0;
};

}  // namespace sluice::chat
