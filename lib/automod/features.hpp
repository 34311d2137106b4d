#pragma once
// Features: what the linear model sees of a message: words, pairs of neighbouring words, and pieces of three
// to five letters, hashed into buckets. Of a word that may be read in several ways each reading counts;
// letters written three times and oftener count once.
#include <cstdint>
#include <vector>

#include "automod/words.hpp"

namespace sluice::automod {

inline constexpr std::uint32_t most_buckets = 1 << 20;
inline constexpr std::size_t most_features = 4096;  // of one message; what is behind them is not seen

// Numbers below `buckets` (a power of two), each once, ascending.
void features_of(const Words& words, std::uint32_t buckets, std::vector<std::uint32_t>& out);

}  // namespace sluice::automod
