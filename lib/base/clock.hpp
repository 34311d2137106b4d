#pragma once
// Time is passed in, so that a 27-hour stream runs in a test in moments.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

using Steady = std::chrono::steady_clock::time_point;  // for durations and deadlines
using Wall = std::chrono::sys_time<std::chrono::milliseconds>;  // for what people and playlists see
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Steady steady() const = 0;
  virtual Wall wall() const = 0;
};

// The machine's clocks.
Clock& system_clock();

// A clock that moves only when told to.
class FakeClock final : public Clock {
 public:
  Steady steady() const override { return steady_; }
  Wall wall() const override { return wall_; }
  void advance(microseconds by) {
    steady_ += by;
    wall_us_ += by;
    wall_ = std::chrono::time_point_cast<milliseconds>(std::chrono::sys_time<microseconds>(wall_us_));
  }
  void set_wall(Wall wall) {
    wall_ = wall;
    wall_us_ = wall.time_since_epoch();
  }

 private:
  Steady steady_{std::chrono::hours(1)};
  Wall wall_{milliseconds(1'700'000'000'000)};
  microseconds wall_us_{wall_.time_since_epoch()};
};

// RFC 3339 with milliseconds and Z, as EXT-X-PROGRAM-DATE-TIME and the logs want it: 2026-01-02T03:04:05.678Z
std::string format_rfc3339(Wall at);
// The other way: of UTC ("Z"), with or without a fraction of a second, of which milliseconds are kept.
std::optional<Wall> parse_rfc3339(std::string_view text);

}  // namespace sluice
