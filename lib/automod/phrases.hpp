#pragma once
// Phrases: tens of thousands of them, found in one pass over a text's words.
//
// An own index by first words, since whole words are what is looked for: a look-up for each form of a word of
// the text, whatever the number of phrases. tests/bench/automod_phrases measures 10,000 phrases on messages of
// ten words (results/automod.ndjson): 0.8 us a message, cutting the text into words included, after 0.8 of
// folding. RE2::Set takes 0.5, Hyperscan 2.0 after a minute and a half of compiling; both see through no
// disguise, which would cost them an expression for each, or another pass for each reading of a text.
#include <cstdint>
#include <string>
#include <vector>

#include "automod/words.hpp"

namespace sluice::automod {

class Phrases {
 public:
  // `number` is what find() tells. Errc::invalid: nothing is left of the phrase when it is folded, or it has
  // too many words.
  Result<> add(Folder& folder, std::string_view phrase, std::uint32_t number, bool as_written_only = false);
  struct Found {
    std::uint32_t number;
    Span where;  // in the folded text
  };
  void find(const Words& in, std::vector<Found>& out) const;  // appends
  std::size_t size() const { return phrases_.size(); }

 private:
  struct Phrase {
    std::uint32_t number;
    bool as_written_only;              // no digits and signs for letters
    std::vector<std::uint32_t> words;  // in letters_, at these places, one more for the end
    std::uint32_t hash;                // of the first
    std::uint32_t next;                // with the same place in heads_, plus 1; 0: none
  };
  void widen();
  void link(std::uint32_t phrase);
  void look_up(const Words& in, const Word& word, std::size_t at, std::vector<Found>& out) const;
  bool matches(const Phrase& phrase, std::size_t word_of_phrase, const Words& in, const Form& form) const;

  std::u32string letters_;
  std::vector<std::uint8_t> runs_;
  std::vector<Phrase> phrases_;
  std::vector<std::uint32_t>
      heads_;  // by hash: a phrase, plus 1; a power of two of them, four and more for a phrase
};

inline constexpr std::size_t most_words_in_phrase = 16;

}  // namespace sluice::automod
