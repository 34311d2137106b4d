#include "automod/words.hpp"

#include <algorithm>
#include <optional>

#include <unicode/uchar.h>
#include <unicode/uscript.h>

namespace sluice::automod {

namespace {

bool is_alnum(char32_t c) {
  if (c < 0x80) return (c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9');
  const auto type = u_charType(static_cast<UChar32>(c));
  return u_isalnum(static_cast<UChar32>(c)) || type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK;
}
bool is_letter(char32_t c) {
  return c < 0x80 ? c >= U'a' && c <= U'z' : u_isalpha(static_cast<UChar32>(c));
}

// Of a script that puts no blanks between words.
bool stands_alone(char32_t c) {
  if (c < 0x0E00) return false;
  UErrorCode error = U_ZERO_ERROR;
  switch (uscript_getScript(static_cast<UChar32>(c), &error)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
      return true;
    default:
      return false;
  }
}

bool is_sign(char32_t c) {
  return c == U'$' || c == U'@';
}

// What a digit or sign stands for; `one` is what 1, ! and | are: i or l.
char32_t meant(char32_t c, char32_t one) {
  switch (c) {
    case U'0':
      return U'o';
    case U'1':
    case U'!':
    case U'|':
      return one;
    case U'3':
      return U'e';
    case U'4':
    case U'@':
      return U'a';
    case U'5':
    case U'$':
      return U's';
    case U'7':
      return U't';
    case U'8':
      return U'b';
    default:
      return c;
  }
}

// Separators that do not stand between two words by themselves in ordinary writing.
bool is_unusual(char32_t c) {
  return std::u32string_view(U"*_~|^+=#`\\\u00B7\u2022").find(c) != std::u32string_view::npos;
}

class Cutter {
 public:
  Cutter(std::u32string_view text, Words& out) : text_(text), out_(out) {}

  void cut() {
    for (std::uint32_t at = 0; at < text_.size();) {
      if (!begins_word(at)) {
        ++at;
        continue;
      }
      std::uint32_t end = at + 1;
      if (!stands_alone(text_[at]))
        while (end < text_.size() && goes_on(end)) ++end;
      add_word({at, end});
      at = end;
    }
    join_chunks();
    join_single_letters();
  }

 private:
  bool begins_word(std::uint32_t at) const {
    return is_alnum(text_[at]) || (is_sign(text_[at]) && at + 1 < text_.size() &&
                                   (is_alnum(text_[at + 1]) || is_sign(text_[at + 1])));
  }
  bool goes_on(std::uint32_t at) const {
    return is_sign(text_[at]) || (is_alnum(text_[at]) && !stands_alone(text_[at]));
  }

  void add_word(Span where) {
    Word word{where, static_cast<std::uint32_t>(out_.forms.size()), 0};
    add_forms(text_.substr(where.begin, where.end - where.begin), word);
    out_.words.push_back(word);
  }

  // Every way to read `letters`: as they are, without signs around, with digits and signs for letters.
  void add_forms(std::u32string_view letters, Word& word) {
    add_form(letters, std::nullopt, word);
    std::u32string_view core = letters;
    while (!core.empty() && is_sign(core.front())) core.remove_prefix(1);
    while (!core.empty() && is_sign(core.back())) core.remove_suffix(1);
    const bool bare = core.size() == letters.size();
    if (!bare && !core.empty()) add_form(core, std::nullopt, word);
    add_meant(letters, word);
    if (!bare) add_meant(core, word);
  }
  void add_meant(std::u32string_view letters, Word& word) {
    const auto stands_for = [](char32_t c) { return meant(c, U'i') != c; };
    if (std::ranges::none_of(letters, stands_for) || std::ranges::none_of(letters, is_letter)) return;
    add_form(letters, U'i', word);
    if (std::ranges::any_of(letters, [](char32_t c) { return meant(c, U'i') != meant(c, U'l'); }))
      add_form(letters, U'l', word);
  }

  void add_form(std::u32string_view letters, std::optional<char32_t> one, Word& word) {
    Form form{static_cast<std::uint32_t>(out_.letters.size()), 0, !one};
    for (const char32_t raw : letters) {
      const char32_t c = one ? meant(raw, *one) : raw;
      if (form.size > 0 && out_.letters.back() == c) {
        if (out_.runs.back() < 255) ++out_.runs.back();
        continue;
      }
      if (form.size == longest_word) {  // no phrase has such a word
        out_.letters.resize(form.at);
        out_.runs.resize(form.at);
        return;
      }
      out_.letters += c;
      out_.runs.push_back(1);
      ++form.size;
    }
    out_.forms.push_back(form);
    ++word.forms;
  }

  void add_joined(std::u32string_view letters, Span where) {
    if (letters.size() < 3 || letters.size() > longest_word) return;
    Word word{where, static_cast<std::uint32_t>(out_.forms.size()), 0};
    add_forms(letters, word);
    out_.joined.push_back(word);
  }

  std::u32string_view between(std::size_t word) const {  // it and the next
    const std::uint32_t from = out_.words[word].where.end;
    return text_.substr(from, out_.words[word + 1].where.begin - from);
  }
  std::u32string_view text_of(std::size_t word) const {
    const Span where = out_.words[word].where;
    return text_.substr(where.begin, where.end - where.begin);
  }
  bool is_single(std::size_t word) const {
    const std::u32string_view text = text_of(word);
    return std::ranges::all_of(text, [&](char32_t c) { return c == text.front(); }) &&
           !stands_alone(text.front());
  }

  // Words without a blank between them: "fu_ck", "sh!t", "f.uck".
  void join_chunks() {
    for (std::size_t first = 0; first + 1 < out_.words.size();) {
      std::size_t last = first;
      while (last + 1 < out_.words.size() && !between(last).empty() &&
             between(last).find(U' ') == std::u32string_view::npos)
        ++last;
      if (last > first) join_chunk(first, last);
      first = last + 1;
    }
  }
  void join_chunk(std::size_t first, std::size_t last) {
    bool worth_it = false, only_ones = true;
    std::u32string bare, with_ones;
    for (std::size_t word = first; word <= last && bare.size() <= longest_word; ++word) {
      bare += text_of(word);
      with_ones += text_of(word);
      worth_it = worth_it || (is_single(word) && text_of(word).size() == 1);
      if (word == last) break;
      const std::u32string_view gap = between(word);
      worth_it = worth_it || std::ranges::any_of(gap, is_unusual);
      only_ones = only_ones && std::ranges::all_of(gap, [](char32_t c) { return c == U'!' || c == U'|'; });
      with_ones += gap;
    }
    const Span where{out_.words[first].where.begin, out_.words[last].where.end};
    if (worth_it) add_joined(bare, where);
    if (only_ones) add_joined(with_ones, where);
  }

  // Three words and more of one letter each, the same between all of them: "f u c k". A word of one letter
  // that English has may stand before them.
  void join_single_letters() {
    for (std::size_t first = 0; first + 2 < out_.words.size();) {
      std::size_t last = first;
      if (is_single(first))
        while (last + 1 < out_.words.size() && is_single(last + 1) && !between(last).empty() &&
               between(last) == between(first))
          ++last;
      if (last - first >= 2) {
        join_letters(first, last);
        if (const auto text = text_of(first); text == U"i" || text == U"a" || text == U"u")
          join_letters(first + 1, last);
      }
      first = last + 1;
    }
  }
  void join_letters(std::size_t first, std::size_t last) {
    std::u32string letters;
    for (std::size_t word = first; word <= last && letters.size() <= longest_word; ++word)
      letters += text_of(word);
    add_joined(letters, {out_.words[first].where.begin, out_.words[last].where.end});
  }

  std::u32string_view text_;
  Words& out_;
};

}  // namespace

void cut_words(std::u32string_view folded, Words& out) {
  out.words.clear();
  out.joined.clear();
  out.forms.clear();
  out.letters.clear();
  out.runs.clear();
  Cutter(folded, out).cut();
}

bool same_runs(std::u32string_view letters, std::span<const std::uint8_t> written,
               std::span<const std::uint8_t> phrase) {
  for (std::size_t i = 0; i < written.size(); ++i)
    if (written[i] != phrase[i] && (written[i] < 3 || !is_letter(letters[i]))) return false;
  return true;
}

}  // namespace sluice::automod
