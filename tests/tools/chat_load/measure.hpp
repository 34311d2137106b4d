#pragma once
// What is measured: latencies, and what servers use.
#include <array>
#include <cstdint>
#include <vector>

namespace chat_load {

// Latencies in microseconds, kept to within 2 % in a fixed size, so that a run of any length can be told by
// one process to another.
class Latencies {
 public:
  void add(std::int64_t us);
  void add(const Latencies& others);
  double percentile_ms(double share) const;  // of 0…1; 0 when there are none

 private:
  static constexpr std::size_t steps = 64;  // between a power of two and the next
  std::array<std::uint64_t, 40 * steps> counts_{};
};

// Processes and all that they started.
class Servers {
 public:
  explicit Servers(std::vector<int> roots) : roots_(std::move(roots)) {}
  double cpu_seconds() const;    // user's and system's, of all threads, by the scheduler's own count
  double private_bytes() const;  // resident, and of no file: what data takes
  std::vector<int> pids() const;

 private:
  std::vector<int> roots_;
};

}  // namespace chat_load
