#pragma once
// Breaker: whether something outside is asked. It opens when half of at least ten requests within ten seconds
// failed, lets one try five seconds later, and closes when that one went well. A connection that broke opens
// it at once, and one that stands again lets one try at once: there is nothing to wait for.
#include <array>
#include <cstdint>

#include "base/clock.hpp"

namespace sluice::nodes {

class Breaker {
 public:
  enum class State { closed, half_open, open };
  struct Rules {
    unsigned least = 10;  // requests
    unsigned percent = 50;
    seconds reset{5};
  };
  Breaker() = default;
  explicit Breaker(Rules rules) : rules_(rules) {}

  State state(Steady now);  // open turns half open when its time has come
  void succeeded(Steady now);
  void failed(Steady now);
  void lost(Steady now);     // there is no connection
  void reached(Steady now);  // there is one again

 private:
  struct Second {
    std::int64_t second = 0;
    unsigned requests = 0, failures = 0;
  };
  static constexpr std::size_t window = 10;  // seconds
  void count(Steady now, bool failure);
  void open(Steady now);

  Rules rules_;
  State state_ = State::closed;
  bool connected_ = true;
  Steady opened_{};
  std::array<Second, window> seconds_{};
};

}  // namespace sluice::nodes
