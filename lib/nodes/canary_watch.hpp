#pragma once
// CanaryWatch: whether lines cross: a numbered canary goes out by the connection that publishes and must come
// back by the one that subscribes. A server that answers pings and delivers nothing is not well.
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace sluice::nodes {

class CanaryWatch {
 public:
  explicit CanaryWatch(Steady now) : came_back_(now) {}

  // The next one's number; nothing while one is on its way that may still come back.
  std::optional<std::uint64_t> release(Steady now);
  // False: it is not the last one; an old one tells nothing.
  bool came_back(std::uint64_t number, Steady now);
  std::optional<microseconds> round_trip() const { return round_trip_; }  // of the last that came back
  // None has come back for `patience`.
  bool well(Steady now, milliseconds patience) const { return now - came_back_ <= patience; }
  Steady released() const { return released_; }  // the last one
  Steady last_back() const { return came_back_; }

 private:
  static constexpr seconds given_up_after{2};
  std::uint64_t number_ = 0;
  bool out_ = false;
  Steady released_{};
  Steady came_back_;
  std::optional<microseconds> round_trip_;
};

}  // namespace sluice::nodes
