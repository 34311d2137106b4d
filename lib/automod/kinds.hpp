#pragma once
// Kinds: what sorts of words there are, so that the linear model knows a sentence by its build and not only
// by its words: whoever has read "i will stab you" has read "i will strangle you".
//
// Lines of
//   # comment
//   KIND: word word word
// KIND is as a category's name. A word is compared folded and without repetition, as a phrase of one word is;
// one that stands in several kinds is of the first.
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "automod/words.hpp"
#include "base/result.hpp"

namespace sluice::automod {

class Kinds {
 public:
  static constexpr std::size_t most_words = 20'000;

  // Errc::invalid names the line. Any bytes.
  static Result<Kinds> parse(std::string_view text, Folder& folder);
  // The number of the kind of a word so spelled, from 1; 0: of none.
  std::uint16_t of(std::u32string_view letters) const;
  std::size_t words() const { return words_.size(); }

  // What parse_folded reads: a line for each kind, the words as they are compared.
  std::string render() const;
  static Result<Kinds> parse_folded(std::string_view text);  // Errc::invalid. Any bytes

 private:
  struct Hash : std::hash<std::u32string_view> {
    using is_transparent = void;
  };
  Result<> add(std::string_view line, Folder* folder);

  std::vector<std::string> names_;
  std::unordered_map<std::u32string, std::uint16_t, Hash, std::equal_to<>> words_;
};

}  // namespace sluice::automod
