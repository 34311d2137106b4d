#pragma once
// Feeds a parser the same input whole, byte by byte, and cut at every place and at random ones.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"

namespace sluice {

// `parse` gets the pieces of one input and returns what came out of it, as text. Returns the first output
// that differs from the whole input's, or the whole input's own.
inline std::string first_difference(std::string_view input,
                                    const std::function<std::string(std::vector<std::string_view>)>& parse) {
  const std::string expected = parse({input});
  for (std::size_t cut = 0; cut <= input.size(); ++cut)
    if (std::string got = parse({input.substr(0, cut), input.substr(cut)}); got != expected) return got;
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < input.size(); ++i) bytes.push_back(input.substr(i, 1));
  if (std::string got = parse(bytes); got != expected) return got;
  SeededRandom random(input.size());
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < input.size();) {
      const std::size_t n = 1 + random.below(9);
      pieces.push_back(input.substr(at, n));
      at += n;
    }
    if (std::string got = parse(pieces); got != expected) return got;
  }
  return expected;
}

}  // namespace sluice
