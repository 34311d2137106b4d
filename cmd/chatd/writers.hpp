#pragma once
// Writers: the threads that write to the members of big rooms, and the rings by which they do it many at
// once.
#include <cstddef>
#include <deque>
#include <optional>

#include "chat/rooms.hpp"
#include "net/write_batch.hpp"
#include "os/crew.hpp"

namespace sluice::chatd {

class Writers {
 public:
  // Before any room is open; the rooms must not deliver when it is gone.
  Writers(chat::Rooms& rooms, std::size_t threads, bool io_uring);
  // Now and then: whether clients are still written to together. Told when that changes.
  void look();

 private:
  std::optional<os::Crew> crew_;         // with more threads than one
  std::deque<net::WriteBatch> batches_;  // of each lane
  std::size_t rings_ = 0;                // of them, as was last told
};

}  // namespace sluice::chatd
