#include "base/random.hpp"

#include <sys/random.h>

#include <cstdlib>
#include <vector>

#include "base/text.hpp"

namespace sluice {

namespace {
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override {
    while (!out.empty()) {
      const ssize_t n = ::getrandom(out.data(), out.size(), 0);
      if (n < 0) std::abort();  // no randomness: no secret may be made
      out = out.subspan(static_cast<std::size_t>(n));
    }
  }
};
}  // namespace

std::uint64_t Random::u64() {
  std::uint64_t value = 0;
  fill(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t value = u64();
  while (value >= limit) value = u64();
  return value % bound;
}

Random& system_random() {
  static SystemRandom random;
  return random;
}

void SeededRandom::fill(std::span<std::byte> out) {
  std::size_t left = 0;
  std::uint64_t word = 0;
  for (std::byte& b : out) {
    if (left == 0) {  // splitmix64
      word = state_ += 0x9e3779b97f4a7c15;
      word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
      word = (word ^ word >> 27) * 0x94d049bb133111eb;
      word ^= word >> 31;
      left = 8;
    }
    b = static_cast<std::byte>(word);
    word >>= 8;
    --left;
  }
}

std::string random_token(Random& random, unsigned bits) {
  std::vector<std::byte> bytes((bits + 7) / 8);
  random.fill(bytes);
  return base32(bytes);
}

}  // namespace sluice
