#pragma once
// BitReader: fields of bits, most significant first, and Exp-Golomb codes (H.264 9.1), out of raw bytes. Reading past the
// end yields zeros and sets failed(), as ByteReader does.
#include <cstdint>

#include "base/bytes.hpp"

namespace sluice::media {

class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  std::size_t remaining() const { return bytes_.size() * 8 - at_; }

  // The next n bits, n ≤ 32.
  std::uint32_t u(unsigned n) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < n; ++i) value = value << 1 | bit();
    return value;
  }
  bool flag() { return bit() != 0; }
  void skip(std::size_t n) {
    if (n > remaining()) {
      failed_ = true;
      at_ = bytes_.size() * 8;
    } else {
      at_ += n;
    }
  }
  std::uint32_t ue() {
    unsigned zeros = 0;
    while (!failed_ && bit() == 0) {
      if (++zeros > 31) failed_ = true;
    }
    return failed_ ? 0 : ((1u << zeros) - 1) + u(zeros);
  }
  std::int32_t se() {
    const std::uint32_t code = ue();
    const auto half = static_cast<std::int32_t>(code / 2);
    return code % 2 ? half + 1 : -half;
  }

 private:
  std::uint32_t bit() {
    if (at_ >= bytes_.size() * 8) {
      failed_ = true;
      return 0;
    }
    const auto byte = static_cast<std::uint8_t>(bytes_[at_ / 8]);
    const std::uint32_t value = byte >> (7 - at_ % 8) & 1;
    ++at_;
    return value;
  }

  ByteView bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace sluice::media
