#pragma once
// Loop: one thread's event loop over Boost.Asio. Asio stays inside lib/net's .cpp files, so that what uses these headers compiles in seconds;
// everything here is called from the loop's own thread, save post(), which any thread may call.
#include <chrono>
#include <functional>
#include <memory>

namespace sluice::net {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();   // until stop()
  void stop();  // any thread
  void post(std::function<void()> task);  // any thread; runs later, on the loop's thread

  // Connections that become ready within `interval` of the last turn are told together at its end, so that one wake-up serves many that each
  // bring little; one that becomes ready in a quieter time is told at once. 0, as it is to begin with: each at once, and those that wait now.
  // Network drivers do the same. With a dozen publishers and more, looked at every 10 ms, receiving costs ingestd half of what nginx's module needs;
  // without it was 1.1 times as much (tests/bench/rtmp_publishers.py).
  void coalesce(std::chrono::milliseconds interval);

  void expect_writes();  // before Connection::begin_write(), in each turn that has any

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Calls back after a time, or at a rhythm. Destroying or cancelling it means no further call.
class Timer {
 public:
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(Timer&&) noexcept;
  Timer& operator=(Timer&&) noexcept;

  void after(std::chrono::steady_clock::duration delay, std::function<void()> task);  // replaces an earlier one
  void every(std::chrono::steady_clock::duration period, std::function<void()> task);
  void cancel();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Watches a borrowed descriptor (pipe, inotify, pidfd, datagram socket…) until destroyed. Each call back is for one
// readiness; the watch is renewed by itself until cancel_*().
class FdWatch {
 public:
  FdWatch(Loop& loop, int fd);
  ~FdWatch();
  FdWatch(FdWatch&&) noexcept;
  FdWatch& operator=(FdWatch&&) noexcept;

  void on_readable(std::function<void()> ready);
  void on_writable(std::function<void()> ready);
  void cancel_readable();
  void cancel_writable();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Runs blocking work (SQL, DNS, fsync) on one thread of its own, in order, and brings the result back to the loop.
class Offload {
 public:
  explicit Offload(Loop& loop);
  ~Offload();  // finishes what was handed in; results not yet delivered are dropped

  // `work` runs on the other thread, then `done(result)` on the loop's. Both are copyable callables.
  template <class Work, class Done>
  void run(Work work, Done done) {
    submit([work = std::move(work), done = std::move(done)]() mutable -> std::function<void()> {
      auto result = std::make_shared<decltype(work())>(work());
      return [result, done = std::move(done)]() mutable { done(std::move(*result)); };
    });
  }

 private:
  void submit(std::function<std::function<void()>()> job);
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
