#pragma once
// Randomness is passed in, so that tests repeat.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace sluice {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;
  std::uint64_t u64();
  std::uint64_t below(std::uint64_t bound);  // uniform in [0, bound); bound > 0
};

// The kernel's generator (getrandom): fit for keys and tokens.
Random& system_random();

// Repeats for a seed; never for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::byte> out) override;

 private:
  std::uint64_t state_;
};

// At least `bits` random bits as lower-case base32 (a-z2-7).
std::string random_token(Random& random, unsigned bits = 160);

}  // namespace sluice
