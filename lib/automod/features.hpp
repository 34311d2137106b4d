#pragma once
// Features: what the linear model sees of a message, hashed into buckets. Words, pairs of neighbouring words,
// and how the kinds of its words follow one another; and pieces of three to five letters, which weigh less,
// since a word has many. Of a word that may be read in several ways each reading counts; letters written
// three times and oftener count once.
#include <cstdint>
#include <vector>

#include "automod/kinds.hpp"
#include "automod/words.hpp"

namespace sluice::automod {

inline constexpr std::uint32_t most_buckets = 1 << 20;
inline constexpr std::size_t most_features = 4096;  // of one message; what is behind them is not seen

struct Features {  // numbers below the number of buckets, each once, ascending
  std::vector<std::uint32_t> words;
  std::vector<std::uint32_t> pieces;
  bool empty() const { return words.empty(); }
};

// `buckets` is a power of two. Replaces what was in `out`.
void features_of(const Words& words, const Kinds& kinds, std::uint32_t buckets, Features& out);

}  // namespace sluice::automod
