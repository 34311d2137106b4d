#include "automod/features.hpp"

#include <algorithm>
#include <string>

namespace sluice::automod {

namespace {

enum Kind : std::uint64_t { word = 1, pair = 2, piece = 3 };
constexpr std::size_t shortest_piece = 3, longest_piece = 5;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15;
  return hash ^ hash >> 29;
}
std::uint64_t hash_of(Kind kind, std::u32string_view text) {
  std::uint64_t hash = mix(0x5bd1e995, kind);
  for (const char32_t c : text) hash = mix(hash, c);
  return hash;
}

class Extraction {
 public:
  Extraction(const Words& words, std::uint32_t buckets, std::vector<std::uint32_t>& out)
      : words_(words), buckets_(buckets), out_(out) {}

  void run() {
    std::uint64_t previous = hash_of(word, U"");
    for (const Word& word : words_.words) previous = add(word, previous);
    for (const Word& word : words_.joined) add(word, 0);
  }

 private:
  // The hash of the word's last reading, in which signs stand for letters if they may.
  std::uint64_t add(const Word& of, std::uint64_t previous) {
    std::uint64_t last = 0;
    for (const Form& form : words_.forms_of(of)) {
      if (out_.size() >= most_features) break;
      spell(form);
      last = hash_of(word, std::u32string_view(spelled_).substr(1, spelled_.size() - 2));
      put(last);
      if (previous != 0) put(mix(mix(pair, previous), last));
      add_pieces();
    }
    return last;
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
        put(hash_of(piece, std::u32string_view(spelled_).substr(at, size)));
  }

  void put(std::uint64_t hash) { out_.push_back(static_cast<std::uint32_t>(hash >> 32) & (buckets_ - 1)); }

  const Words& words_;
  std::uint32_t buckets_;
  std::vector<std::uint32_t>& out_;
  std::u32string spelled_;
};

}  // namespace

void features_of(const Words& words, std::uint32_t buckets, std::vector<std::uint32_t>& out) {
  out.clear();
  Extraction(words, buckets, out).run();
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
}

}  // namespace sluice::automod
