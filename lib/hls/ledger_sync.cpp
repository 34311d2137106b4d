#include "hls/ledger_sync.hpp"

#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace sluice::hls {

LedgerSync::LedgerSync() : thread_([this] { run(); }) {}

LedgerSync::~LedgerSync() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LedgerSync::request(int media, int index) {
  {
    const std::lock_guard lock(mutex_);
    if (media >= 0) media_.emplace_back(::fcntl(media, F_DUPFD_CLOEXEC, 0));
    if (!index_) index_.reset(::fcntl(index, F_DUPFD_CLOEXEC, 0));
  }
  wake_.notify_one();
}

unsigned LedgerSync::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

void LedgerSync::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || index_; });
    if (!index_) return;
    const std::vector<os::UniqueFd> media = std::exchange(media_, {});
    const os::UniqueFd index = std::move(index_);
    lock.unlock();
    unsigned failed = 0;
    for (const os::UniqueFd& fd : media) failed += fd && ::fdatasync(fd.get()) != 0;
    failed += ::fdatasync(index.get()) != 0;
    lock.lock();
    failures_ += failed;
  }
}

}  // namespace sluice::hls
