#pragma once
// Bus: the nudge that says "events up to N are in the log". It carries no facts: a lost nudge is a delay of
// at most a second, never a loss (EventFollower looks once a second by itself).
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "net/loop.hpp"
#include "store/events.hpp"

namespace sluice::bus {

// While it lives, nudges arrive.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

class Bus {
 public:
  virtual ~Bus() = default;
  // Tells every subscriber, of all processes. Any thread; never blocks; a full queue or a missing subscriber
  // is no error.
  virtual void nudge(store::Cursor up_to) = 0;
  // `nudged` comes on the loop's thread, with the greatest cursor of those that arrived together.
  virtual Result<std::unique_ptr<Subscription>> subscribe(net::Loop& loop,
                                                          std::function<void(store::Cursor)> nudged) = 0;
};

// "unix:DIR": made with 0700 when missing. Errc::config for any other URL, Errc::denied for a DIR of another
// user.
Result<std::unique_ptr<Bus>> open_bus(std::string_view url);

}  // namespace sluice::bus
