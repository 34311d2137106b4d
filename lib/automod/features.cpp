#include "automod/features.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace sluice::automod {

namespace {

enum Kind : std::uint64_t {
  word = 1,
  pair = 2,
  piece = 3,
  kind = 4,
  kinds_pair = 5,
  kinds_three = 6,
  ends = 7,
  kinds_side_by_side = 8
};
constexpr std::size_t shortest_piece = 3, longest_piece = 5;
constexpr std::size_t reach = 4;  // words that a kind looks back, those of no kind included

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15;
  return hash ^ hash >> 29;
}
std::uint64_t hash_of(Kind of, std::u32string_view text) {
  std::uint64_t hash = mix(0x5bd1e995, of);
  for (const char32_t c : text) hash = mix(hash, c);
  return hash;
}

class Extraction {
 public:
  Extraction(const Words& words, const Kinds& kinds, std::uint32_t buckets, Features& out)
      : words_(words), kinds_(kinds), buckets_(buckets), out_(out) {}

  void run() {
    std::uint64_t previous = hash_of(word, U"");
    for (const Word& one : words_.words) {
      if (full()) return;
      previous = add(one, previous);
      add_kind(kind_of(one));
    }
    if (!words_.words.empty()) put(mix(mix(pair, previous), ends));
    for (const Word& one : words_.joined) add(one, 0);
  }

 private:
  bool full() const { return out_.words.size() + out_.pieces.size() >= most_features; }

  // The hash of the word's last reading, in which signs stand for letters if they may.
  std::uint64_t add(const Word& of, std::uint64_t previous) {
    std::uint64_t last = 0;
    for (const Form& form : words_.forms_of(of)) {
      if (full()) break;
      spell(form);
      last = hash_of(word, std::u32string_view(spelled_).substr(1, spelled_.size() - 2));
      put(last);
      if (previous != 0) put(mix(mix(pair, previous), last));
      add_pieces();
    }
    return last;
  }

  std::uint16_t kind_of(const Word& of) const {
    for (const Form& form : words_.forms_of(of))
      if (const std::uint16_t found = kinds_.of(words_.letters_of(form)); found != 0) return found;
    return 0;
  }

  // What stands here with what stood before, nearest last; words of no kind are passed over, and take room.
  void add_kind(std::uint16_t now) {
    if (now != 0) {
      put(mix(mix(mix(0x5bd1e995, kind), now), 0));
      if (before_.back() != 0) put(mix(mix(mix(0x5bd1e995, kinds_side_by_side), before_.back()), now));
      for (std::size_t i = 0; i < before_.size(); ++i) {
        if (before_[i] == 0) continue;
        put(mix(mix(mix(0x5bd1e995, kinds_pair), before_[i]), now));
        for (std::size_t j = i + 1; j < before_.size(); ++j)
          if (before_[j] != 0) put(mix(mix(mix(mix(0x5bd1e995, kinds_three), before_[i]), before_[j]), now));
      }
    }
    std::shift_left(before_.begin(), before_.end(), 1);
    before_.back() = now;
  }

  void spell(const Form& form) {
    const auto letters = words_.letters_of(form);
    const auto runs = words_.runs_of(form);
    spelled_ = U'<';
    for (std::size_t i = 0; i < letters.size(); ++i) spelled_.append(runs[i] == 2 ? 2 : 1, letters[i]);
    spelled_ += U'>';
  }

  void add_pieces() {
    for (std::size_t size = shortest_piece; size <= longest_piece; ++size)
      for (std::size_t at = 0; at + size <= spelled_.size(); ++at)
        out_.pieces.push_back(bucket(hash_of(piece, std::u32string_view(spelled_).substr(at, size))));
  }

  std::uint32_t bucket(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(hash >> 32) & (buckets_ - 1);
  }
  void put(std::uint64_t hash) { out_.words.push_back(bucket(hash)); }

  const Words& words_;
  const Kinds& kinds_;
  std::uint32_t buckets_;
  Features& out_;
  std::u32string spelled_;
  std::array<std::uint16_t, reach> before_{};
};

void sort_once(std::vector<std::uint32_t>& numbers) {
  std::ranges::sort(numbers);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

}  // namespace

void features_of(const Words& words, const Kinds& kinds, std::uint32_t buckets, Features& out) {
  out.words.clear();
  out.pieces.clear();
  Extraction(words, kinds, buckets, out).run();
  sort_once(out.words);
  sort_once(out.pieces);
}

}  // namespace sluice::automod
