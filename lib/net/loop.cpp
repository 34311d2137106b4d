#include "net/loop.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "net/loop_impl.hpp"
#include "net/tcp.hpp"

namespace sluice::net {

namespace asio = boost::asio;
using boost::system::error_code;

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() {
  impl_->unflushed.clear();
  std::exchange(impl_->connecting, {}).clear();
  // Each gives its descriptor back while the reactor still stands; nobody is told any more.
  for (const auto& connection : std::exchange(impl_->open, {})) connection->release();
}

void Loop::run() {
  if (impl_->context.stopped()) impl_->context.restart();
  impl_->context.run();
}
void Loop::stop() { impl_->context.stop(); }
void Loop::post(std::function<void()> task) { asio::post(impl_->context, std::move(task)); }
void Loop::expect_writes() { impl_->end_turn(); }

void Loop::Impl::end_turn() {
  if (std::exchange(turn_ends, true)) return;
  asio::post(context, [this] {
    turn_ends = false;
    ++turn;
  });
}
void Loop::coalesce(std::chrono::milliseconds interval) { impl_->poller.coalesce(interval); }

// ---- Timer

struct Timer::Impl : std::enable_shared_from_this<Timer::Impl> {
  explicit Impl(Loop& loop) : timer(loop.impl().context) {}

  void arm() {
    timer.async_wait([self = shared_from_this(), armed = ++generation](const error_code& error) {
      if (error || armed != self->generation) return;
      if (self->period.count() > 0) {
        self->timer.expires_at(self->timer.expiry() + self->period);
        const auto task = self->task;  // the task may replace itself
        self->arm();
        task();
      } else {
        std::exchange(self->task, nullptr)();
      }
    });
  }
  void cancel() {
    ++generation;
    timer.cancel();
    task = nullptr;
  }

  asio::steady_timer timer;
  std::chrono::steady_clock::duration period{};
  std::function<void()> task;
  unsigned generation = 0;
};

Timer::Timer(Loop& loop) : impl_(std::make_shared<Impl>(loop)) {}
Timer::Timer(Timer&&) noexcept = default;
Timer& Timer::operator=(Timer&& other) noexcept {
  if (impl_ && impl_ != other.impl_) impl_->cancel();
  impl_ = std::move(other.impl_);
  return *this;
}
Timer::~Timer() {
  if (impl_) impl_->cancel();
}

void Timer::after(std::chrono::steady_clock::duration delay, std::function<void()> task) {
  impl_->cancel();
  impl_->task = std::move(task);
  impl_->period = {};
  impl_->timer.expires_after(delay);
  impl_->arm();
}

void Timer::every(std::chrono::steady_clock::duration period, std::function<void()> task) {
  impl_->cancel();
  impl_->task = std::move(task);
  impl_->period = period;
  impl_->timer.expires_after(period);
  impl_->arm();
}

void Timer::cancel() { impl_->cancel(); }

// ---- FdWatch

struct FdWatch::Impl : std::enable_shared_from_this<FdWatch::Impl> {
  Impl(Loop& loop, int fd) : descriptor(loop.impl().context, fd) {}
  ~Impl() {
    if (descriptor.is_open()) descriptor.release();
  }

  struct Side {
    std::function<void()> ready;
    bool armed = false;
  };

  void arm(Side& side, asio::posix::stream_descriptor::wait_type type) {
    if (side.armed || !side.ready || !descriptor.is_open()) return;
    side.armed = true;
    descriptor.async_wait(type, [self = shared_from_this(), &side, type](const error_code& error) {
      side.armed = false;
      if (error || !side.ready) return;
      const auto ready = side.ready;  // the call may cancel the watch
      ready();
      self->arm(side, type);
    });
  }
  void stop() {
    readable.ready = nullptr;
    writable.ready = nullptr;
    if (descriptor.is_open()) descriptor.release();  // cancels what is waiting; the descriptor stays its owner's
  }

  asio::posix::stream_descriptor descriptor;
  Side readable, writable;
};

FdWatch::FdWatch(Loop& loop, int fd) : impl_(std::make_shared<Impl>(loop, fd)) {}
FdWatch::FdWatch(FdWatch&&) noexcept = default;
FdWatch& FdWatch::operator=(FdWatch&& other) noexcept {
  if (impl_ && impl_ != other.impl_) impl_->stop();
  impl_ = std::move(other.impl_);
  return *this;
}
FdWatch::~FdWatch() {
  if (impl_) impl_->stop();
}

void FdWatch::on_readable(std::function<void()> ready) {
  impl_->readable.ready = std::move(ready);
  impl_->arm(impl_->readable, asio::posix::stream_descriptor::wait_read);
}
void FdWatch::on_writable(std::function<void()> ready) {
  impl_->writable.ready = std::move(ready);
  impl_->arm(impl_->writable, asio::posix::stream_descriptor::wait_write);
}
void FdWatch::cancel_readable() { impl_->readable.ready = nullptr; }
void FdWatch::cancel_writable() { impl_->writable.ready = nullptr; }

// ---- Offload

struct Offload::Impl {
  explicit Impl(Loop& l) : loop(l) {}

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [this] { return ending || !jobs.empty(); });
      if (jobs.empty()) return;
      auto job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      auto done = std::make_shared<std::function<void()>>(job());
      job = nullptr;
      // Handed over, not shared: what it holds must end on the loop's thread, not here.
      loop.post([done = std::move(done), alive = alive] {
        if (*alive) (*done)();
      });
      lock.lock();
    }
  }

  Loop& loop;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);  // read and written on the loop's thread only
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<std::function<void()>()>> jobs;
  bool ending = false;
  std::thread thread;
};

Offload::Offload(Loop& loop) : impl_(std::make_shared<Impl>(loop)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->work(); });
}

Offload::~Offload() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
  *impl_->alive = false;
}

void Offload::submit(std::function<std::function<void()>()> job) {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->jobs.push_back(std::move(job));
  }
  impl_->wake.notify_one();
}

}  // namespace sluice::net
