// rooms: base
// burn_numbers WIDTH HEIGHT FPS FRAMES [--fast] [--from N]: raw yuv420p pictures on standard output, in real time (or as fast
// as they are taken), each with the wall clock and its frame number (from N on, else from 0) burnt in over a moving pattern.
// FRAMES 0: until the reader goes.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "burnt_numbers.hpp"

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: burn_numbers WIDTH HEIGHT FPS FRAMES [--fast] [--from N]\n");
    return 2;
  }
  const int width = std::atoi(argv[1]), height = std::atoi(argv[2]), fps = std::atoi(argv[3]);
  const long frames = std::atol(argv[4]);
  bool fast = false;
  long from = 0;
  for (int i = 5; i < argc; ++i) {
    if (std::strcmp(argv[i], "--fast") == 0) fast = true;
    if (std::strcmp(argv[i], "--from") == 0 && i + 1 < argc) from = std::atol(argv[++i]);
  }
  std::vector<std::uint8_t> picture(static_cast<std::size_t>(width) * height * 3 / 2, 128);
  const auto start = std::chrono::steady_clock::now();
  for (long n = 0; frames == 0 || n < frames; ++n) {
    // The picture is taken at its time, so the clock in it is the capture time.
    if (!fast) std::this_thread::sleep_until(start + std::chrono::microseconds(n * 1'000'000 / fps));
    for (int y = height / 9; y < height; ++y)
      for (int x = 0; x < width; ++x)
        picture[static_cast<std::size_t>(y) * width + x] = static_cast<std::uint8_t>(32 + ((x + 3 * n + (y & ~7)) & 127));
    const auto now = sluice::system_clock().wall().time_since_epoch().count();
    burnt::burn(picture.data(), width, height, 0, static_cast<std::uint32_t>(now));
    burnt::burn(picture.data(), width, height, 1, static_cast<std::uint32_t>(from + n));
    if (std::fwrite(picture.data(), 1, picture.size(), stdout) != picture.size() || std::fflush(stdout) != 0) return 0;
  }
}
