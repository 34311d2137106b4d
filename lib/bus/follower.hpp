#pragma once
// EventFollower: every event after a cursor, each once, in order, on the loop's thread. It reads when nudged
// and once in a while (a second, decision 17), on the Offload; an error of the store is logged and the same events are asked for again
// a second later.
#include <chrono>
#include <functional>
#include <memory>

#include "base/result.hpp"
#include "bus/bus.hpp"
#include "net/loop.hpp"
#include "store/store.hpp"

namespace sluice::bus {

class EventFollower {
 public:
  // Starts after `since`. The loop, offload, store and bus must outlive it; destroy it on the loop's thread:
  // no event comes after that.
  static Result<std::unique_ptr<EventFollower>> start(net::Loop& loop, net::Offload& offload,
                                                      store::Store& store, Bus& bus, store::Cursor since,
                                                      std::function<void(const store::Event&)> deliver,
                                                      std::chrono::milliseconds look_period = std::chrono::seconds(1));
  ~EventFollower();
  store::Cursor cursor() const;  // of the last event delivered

 private:
  struct Impl;
  explicit EventFollower(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::bus
