#pragma once
// Backlog: how many messages wait for the archive's disk. Past its bound what is said is lost to the archive:
// each such message is counted, and each time that this begins and ends is told once. It ends when half of
// the bound is free again, so that a disk that is always a little too slow is not told of with every batch.
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace sluice::chatlog {

class Backlog {
 public:
  // Up to `most` messages wait.
  explicit Backlog(std::size_t most) : most_(most) {}

  enum class Taken { yes, lost, first_lost };  // first_lost: from here on messages are lost
  // One more, that was said at `now`.
  Taken take(Wall now) {
    if (waiting_ < most_) return ++waiting_, Taken::yes;
    ++lost_;
    if (losing_since_) return Taken::lost;
    losing_since_ = now;
    lost_before_ = lost_ - 1;
    return Taken::first_lost;
  }
  // So many that were taken wait no longer. True: no more are lost, and until now some were.
  bool done(std::size_t messages) {
    waiting_ -= messages;
    if (!losing_since_ || waiting_ > most_ / 2) return false;
    losing_since_.reset();
    return true;
  }

  std::size_t waiting() const { return waiting_; }
  std::uint64_t lost() const { return lost_; }                           // ever
  std::uint64_t lost_this_time() const { return lost_ - lost_before_; }  // this time, or the last
  std::optional<Wall> losing_since() const { return losing_since_; }     // none: all are taken

 private:
  std::size_t most_;
  std::size_t waiting_ = 0;
  std::uint64_t lost_ = 0, lost_before_ = 0;
  std::optional<Wall> losing_since_;
};

}  // namespace sluice::chatlog
