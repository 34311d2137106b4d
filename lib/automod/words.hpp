#pragma once
// Words: a folded text cut into what a list's phrases are compared with. A word is a run of letters, digits
// and marks; ideographs, kana and the scripts without blanks between words give one word for each character;
// $ and @ beside a letter belong to its word.
//
// A form is how a word may be read: its letters without repetition, and how often each stood there, so that
// "fuuuck" is "fuck" while "as" is not "ass". Digits and signs that stand for letters give further forms of
// the same word.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "automod/fold.hpp"

namespace sluice::automod {

struct Form {
  std::uint32_t at = 0;  // in Words::letters and Words::runs
  std::uint16_t size = 0;
  bool as_written = true;  // no sign stands for a letter
};

struct Word {
  Span where;  // in the folded text
  std::uint32_t first_form = 0, forms = 0;
};

struct Words {
  std::vector<Word> words;   // as they stand
  std::vector<Word> joined;  // pieces put together: "f.u.c.k", "fu_ck"; they are whole phrases only
  std::vector<Form> forms;
  std::u32string letters;
  std::vector<std::uint8_t> runs;

  std::u32string_view letters_of(const Form& form) const {
    return std::u32string_view(letters).substr(form.at, form.size);
  }
  std::span<const std::uint8_t> runs_of(const Form& form) const { return {runs.data() + form.at, form.size}; }
  std::span<const Form> forms_of(const Word& word) const {
    return {forms.data() + word.first_form, word.forms};
  }
};

inline constexpr std::size_t longest_word = 100;  // letters; what is longer has no form

void cut_words(std::u32string_view folded, Words& out);  // replaces what was in `out`
// Whether letters written so often are meant by a phrase that has them so often: alike, or a letter three
// times and oftener.
bool same_runs(std::u32string_view letters, std::span<const std::uint8_t> written,
               std::span<const std::uint8_t> phrase);

}  // namespace sluice::automod
