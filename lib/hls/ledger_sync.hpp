#pragma once
// fdatasync(2) away from the path that parts take: a thread of its own, because a sync may take seconds on a
// busy disk.
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "os/unique_fd.hpp"

namespace sluice::hls {

enum class SyncAt {
  segment,  // when a segment is finished
  part,     // after every part
  none,     // when the kernel likes
};

class LedgerSync {
 public:
  LedgerSync();
  ~LedgerSync();  // after the last sync asked for
  // Syncs duplicates of `media`, then `index`. Requests made while one is running are made together.
  void request(int media, int index);
  unsigned failures() const;

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<os::UniqueFd> media_;
  os::UniqueFd index_;
  bool stop_ = false;
  unsigned failures_ = 0;
  std::thread thread_;
};

}  // namespace sluice::hls
