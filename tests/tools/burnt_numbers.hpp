#pragma once
// Numbers burnt into a picture as two rows of 36 black and white blocks, readable after any scaling and encoding:
// row 0 the wall clock (Unix ms, low 32 bits), row 1 the frame's number; each 32 bits, most significant first, and a
// 4-bit check (the sum of the eight nibbles). tests/browser/burnt_numbers.js reads the same.
#include <cstddef>
#include <cstdint>
#include <optional>

namespace burnt {

inline constexpr int columns = 36;
inline constexpr int rows = 18;  // blocks are 1/18 of the height; only the first two rows of them are used
inline constexpr std::uint8_t dark = 16, bright = 235;

inline std::uint32_t check_of(std::uint32_t value) {
  std::uint32_t sum = 0;
  for (int shift = 0; shift < 32; shift += 4) sum += value >> shift & 15;
  return sum & 15;
}

inline void burn(std::uint8_t* luma, int width, int height, int row, std::uint32_t value) {
  const std::uint64_t bits = static_cast<std::uint64_t>(value) << 4 | check_of(value);
  for (int y = row * height / rows; y < (row + 1) * height / rows; ++y)
    for (int x = 0; x < width; ++x) {
      const int column = x * columns / width;
      luma[static_cast<std::size_t>(y) * width + x] = bits >> (columns - 1 - column) & 1 ? bright : dark;
    }
}

inline std::optional<std::uint32_t> read(const std::uint8_t* luma, int width, int height, int row) {
  std::uint64_t bits = 0;
  const int y = (2 * row + 1) * height / (2 * rows);
  for (int column = 0; column < columns; ++column) {
    const int x = (2 * column + 1) * width / (2 * columns);
    int sum = 0;
    for (int dy = -1; dy <= 1; ++dy)
      for (int dx = -1; dx <= 1; ++dx) sum += luma[static_cast<std::size_t>(y + dy) * width + x + dx];
    bits = bits << 1 | (sum / 9 > (dark + bright) / 2);
  }
  const auto value = static_cast<std::uint32_t>(bits >> 4);
  if ((bits & 15) != check_of(value)) return std::nullopt;
  return value;
}

}  // namespace burnt
