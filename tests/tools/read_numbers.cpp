// rooms: base
// read_numbers WIDTH HEIGHT: reads gray pictures (ffmpeg -f rawvideo -pix_fmt gray) and prints one JSON object: how many
// pictures, the first and last frame number, which numbers were lost, repeated, out of order, unreadable; and the numbers as
// runs [first, last] in the order they came.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "burnt_numbers.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: read_numbers WIDTH HEIGHT\n");
    return 2;
  }
  const int width = std::atoi(argv[1]), height = std::atoi(argv[2]);
  std::vector<std::uint8_t> picture(static_cast<std::size_t>(width) * height);
  std::map<std::uint32_t, int> seen;
  long pictures = 0, unreadable = 0, backwards = 0;
  std::uint32_t previous = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> runs;
  while (std::fread(picture.data(), 1, picture.size(), stdin) == picture.size()) {
    ++pictures;
    const auto number = burnt::read(picture.data(), width, height, 1);
    if (!number) {
      ++unreadable;
      continue;
    }
    if (!seen.empty() && *number < previous) ++backwards;
    previous = *number;
    if (runs.empty() || *number != runs.back().second + 1) runs.emplace_back(*number, *number);
    runs.back().second = *number;
    ++seen[*number];
  }
  std::string lost, repeated;
  long lost_count = 0, repeated_count = 0;
  auto list = [](std::string& text, std::uint32_t n) {
    if (text.size() < 2000) text += (text.empty() ? "" : ",") + std::to_string(n);
  };
  if (!seen.empty()) {
    std::uint32_t expected = seen.begin()->first;
    for (const auto& [number, count] : seen) {
      for (; expected < number; ++expected) ++lost_count, list(lost, expected);
      ++expected;
      if (count > 1) ++repeated_count, list(repeated, number);
    }
  }
  std::string run_list;
  for (const auto& [first, last] : runs)
    run_list += (run_list.empty() ? "[" : ",[") + std::to_string(first) + "," + std::to_string(last) + "]";
  std::printf(
      "{\"pictures\":%ld,\"first\":%u,\"last\":%u,\"lost\":%ld,\"lost_numbers\":[%s],\"repeated\":%ld,\"repeated_numbers\":[%s],"
      "\"backwards\":%ld,\"unreadable\":%ld,\"runs\":[%s]}\n",
      pictures, seen.empty() ? 0 : seen.begin()->first, seen.empty() ? 0 : seen.rbegin()->first, lost_count, lost.c_str(),
      repeated_count, repeated.c_str(), backwards, unreadable, run_list.c_str());
}
