#include "automod/kinds.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "automod/entry.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace sluice::automod {

namespace {
constexpr std::size_t most_kinds = 1000;

// How a word is compared: folded, its letters without repetition. Empty: it is none.
std::u32string spelled(std::string_view word, Folder& folder) {
  Words words;
  cut_words(folder.fold(word).text, words);
  if (words.words.size() != 1 || words.words.front().forms == 0) return {};
  return std::u32string(words.letters_of(words.forms[words.words.front().first_form]));
}
}  // namespace

Result<> Kinds::add(std::string_view line, Folder* folder) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_category(line.substr(0, colon)))
    return fail(Errc::invalid, "a kind is KIND: word word");
  if (names_.size() == most_kinds) return fail(Errc::invalid, "there are too many kinds");
  names_.emplace_back(line.substr(0, colon));
  for (const std::string_view word : split(line.substr(colon + 1), ' ')) {
    if (word.empty()) continue;
    std::u32string letters = folder ? spelled(word, *folder) : code_points(word);
    if (letters.empty() || letters.size() > longest_word)
      return fail(Errc::invalid, fmt::format("'{}' is no word", legible(word)));
    words_.try_emplace(std::move(letters), static_cast<std::uint16_t>(names_.size()));
    if (words_.size() > most_words) return fail(Errc::invalid, "there are too many words");
  }
  return {};
}

Result<Kinds> Kinds::parse(std::string_view text, Folder& folder) {
  Kinds out;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    if (const auto added = is_utf8(line) ? out.add(line, &folder) : fail(Errc::invalid, "not UTF-8"); !added)
      return fail(Errc::invalid, fmt::format("line {}: {}", number, added.error().what));
  }
  return out;
}

Result<Kinds> Kinds::parse_folded(std::string_view text) {
  Kinds out;
  if (!is_utf8(text)) return fail(Errc::invalid, "its kinds are not UTF-8");
  for (const std::string_view line : split(text, '\n'))
    if (!line.empty()) SLUICE_TRY(out.add(line, nullptr));
  return out;
}

std::uint16_t Kinds::of(std::u32string_view letters) const {
  const auto found = words_.find(letters);
  return found == words_.end() ? 0 : found->second;
}

std::string Kinds::render() const {
  std::vector<std::vector<std::string>> by_kind(names_.size());
  for (const auto& [word, kind] : words_) by_kind[kind - 1u].push_back(to_utf8(word));
  std::string out;
  for (std::size_t kind = 0; kind < names_.size(); ++kind) {
    std::ranges::sort(by_kind[kind]);
    out += names_[kind] + ":";
    for (const std::string& word : by_kind[kind]) out += " " + word;
    out += "\n";
  }
  return out;
}

}  // namespace sluice::automod
