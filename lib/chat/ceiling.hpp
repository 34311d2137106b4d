#pragma once
// Ceiling: how many messages a second of one room everybody is told, since more can be neither delivered to a
// hundred thousand nor read. Of what is more a sample is told, drawn among the lines of a tick with the same
// chance for each; the rest is left out for those who only read along, and they are told how much it was.
// Who has to see everything does: see Room::sees_all(). A moderator's and a VIP's own lines,
// announcements and cheers are told to everybody: they take their place in the count first.
#include <cstdint>
#include <span>
#include <utility>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "chat/line.hpp"

namespace sluice::chat {

class Ceiling {
 public:
  // Messages a second; 0: all. A room that was quiet may be told a second's worth at once.
  using Rate = std::uint32_t;

  // Of the lines that are delivered at `now`: those for which there is no room are marked (Line::whom).
  void choose(std::span<Line> lines, Rate rate, Steady now, Random& random);

  // What was chosen since it was asked last.
  struct Count {
    std::uint64_t told = 0, left_out = 0;
  };
  Count take_count() { return std::exchange(count_, {}); }
  std::uint64_t left_out() const { return left_out_; }  // ever

 private:
  Steady paid_until_{};  // what was told takes up the time until then
  Count count_;
  std::uint64_t left_out_ = 0;
};

}  // namespace sluice::chat
