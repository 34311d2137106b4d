#include "os/crew.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <vector>

#include <sched.h>

namespace sluice::os {

struct Crew::Impl {
  using Work = std::function<void(std::size_t)>;
  std::mutex mutex;
  std::condition_variable wake, done;
  const Work* at_hand = nullptr;  // null: nothing, or no more to begin
  std::size_t pieces = 0;
  std::size_t busy = 0;  // helpers that are at it
  bool over = false;
  std::uint64_t call = 0;
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> helpers;

  void take_pieces(const Work& work, std::size_t count) {
    for (std::size_t piece; (piece = next.fetch_add(1, std::memory_order_relaxed)) < count;) work(piece);
  }

  void help() {
    std::unique_lock lock(mutex);
    for (std::uint64_t helped = 0;;) {
      wake.wait(lock, [&] { return over || (at_hand != nullptr && call != helped); });
      if (over) return;
      helped = call;
      const Work& work = *at_hand;
      const std::size_t count = pieces;
      ++busy;
      lock.unlock();
      take_pieces(work, count);
      lock.lock();
      if (--busy == 0) done.notify_one();
    }
  }
};

Crew::Crew(std::size_t helpers) : impl_(std::make_unique<Impl>()) {
  // Signals are the caller's.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  for (std::size_t i = 0; i < helpers; ++i)
    impl_->helpers.emplace_back([impl = impl_.get()] { impl->help(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Crew::~Crew() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->over = true;
  }
  impl_->wake.notify_all();
  for (std::thread& helper : impl_->helpers) helper.join();
}

void Crew::work(std::size_t pieces, const std::function<void(std::size_t)>& work) {
  Impl& impl = *impl_;
  {
    const std::lock_guard lock(impl.mutex);
    impl.at_hand = &work;
    impl.pieces = pieces;
    impl.next.store(0, std::memory_order_relaxed);
    ++impl.call;
  }
  impl.wake.notify_all();
  impl.take_pieces(work, pieces);
  std::unique_lock lock(impl.mutex);
  impl.at_hand = nullptr;
  impl.done.wait(lock, [&] { return impl.busy == 0; });
}

std::size_t usable_cores() {
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0)
    return std::max(1u, std::thread::hardware_concurrency());
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&cores)));
}

}  // namespace sluice::os
