#include "bus/follower.hpp"

#include <chrono>
#include <utility>

#include "log/log.hpp"

namespace sluice::bus {

namespace {
constexpr std::size_t batch_size = 500;
}  // namespace

struct EventFollower::Impl : std::enable_shared_from_this<EventFollower::Impl> {
  Impl(net::Loop& loop, net::Offload& o, store::Store& s, store::Cursor since,
       std::function<void(const store::Event&)> d)
      : offload(o), store(s), deliver(std::move(d)), cursor(since), timer(loop) {}

  void look() {
    look_again = reading;
    if (reading) return;
    reading = true;
    offload.run([events = &store.events(), from = cursor] { return events->since(from, batch_size); },
                [weak = weak_from_this()](Result<std::vector<store::Event>> batch) {
                  if (auto self = weak.lock()) self->arrived(std::move(batch));
                });
  }

  void arrived(Result<std::vector<store::Event>> batch) {
    reading = false;
    if (!batch) {
      if (!std::exchange(failing, true))
        log::warn("events cannot be read; trying again at the next look", {batch.error()});
      return;
    }
    if (std::exchange(failing, false)) log::info("events are read again", {{"cursor", cursor.value()}});
    for (const store::Event& event : *batch) {
      cursor = event.cursor;
      deliver(event);
      if (stopped) return;  // by the call
    }
    if (look_again || batch->size() == batch_size) look();
  }

  net::Offload& offload;
  store::Store& store;
  std::function<void(const store::Event&)> deliver;
  store::Cursor cursor;
  net::Timer timer;
  std::unique_ptr<Subscription> subscription;
  bool reading = false;     // a read is on the Offload
  bool look_again = false;  // something may have been written since it began
  bool failing = false;
  bool stopped = false;
};

Result<std::unique_ptr<EventFollower>> EventFollower::start(
    net::Loop& loop, net::Offload& offload, store::Store& store, Bus& bus, store::Cursor since,
    std::function<void(const store::Event&)> deliver, std::chrono::milliseconds look_period) {
  auto impl = std::make_shared<Impl>(loop, offload, store, since, std::move(deliver));
  SLUICE_TRY_VALUE(impl->subscription, bus.subscribe(loop, [weak = std::weak_ptr(impl)](store::Cursor up_to) {
    auto self = weak.lock();
    if (self && up_to > self->cursor) self->look();
  }));
  impl->timer.every(look_period, [weak = std::weak_ptr(impl)] {
    if (auto self = weak.lock()) self->look();
  });
  loop.post([weak = std::weak_ptr(impl)] {
    if (auto self = weak.lock()) self->look();
  });
  return std::unique_ptr<EventFollower>(new EventFollower(std::move(impl)));
}

EventFollower::EventFollower(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

EventFollower::~EventFollower() {
  impl_->stopped = true;
  impl_->timer.cancel();
  impl_->subscription.reset();
}

store::Cursor EventFollower::cursor() const {
  return impl_->cursor;
}

}  // namespace sluice::bus
