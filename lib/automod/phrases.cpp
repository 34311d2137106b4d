#include "automod/phrases.hpp"

#include <algorithm>
#include <bit>

namespace sluice::automod {

namespace {
constexpr std::size_t no_word = static_cast<std::size_t>(-1);

std::uint32_t hash_of(std::u32string_view letters) {
  std::uint64_t hash = letters.size();
  for (const char32_t c : letters) hash = (hash ^ c) * 0x9e3779b97f4a7c15;
  return static_cast<std::uint32_t>(hash >> 32);
}
}  // namespace

void Phrases::link(std::uint32_t phrase) {
  std::uint32_t& head = heads_[phrases_[phrase].hash & (heads_.size() - 1)];
  phrases_[phrase].next = head;
  head = phrase + 1;
}

void Phrases::widen() {
  heads_.assign(std::bit_ceil(std::max<std::size_t>(64, phrases_.size() * 8)), 0);
  for (std::uint32_t phrase = 0; phrase < phrases_.size(); ++phrase) link(phrase);
}

Result<> Phrases::add(Folder& folder, std::string_view text, std::uint32_t number, bool as_written_only) {
  Words words;
  cut_words(folder.fold(text).text, words);
  if (words.words.empty()) return fail(Errc::invalid, "nothing is left of the phrase when it is folded");
  if (words.words.size() > most_words_in_phrase) return fail(Errc::invalid, "more than 16 words");
  Phrase phrase{number, as_written_only, {}, 0, 0};
  for (const Word& word : words.words) {
    if (word.forms == 0) return fail(Errc::invalid, "a word of more than 100 letters");
    const Form& form = words.forms_of(word).front();
    const auto runs = words.runs_of(form);
    phrase.words.push_back(static_cast<std::uint32_t>(letters_.size()));
    letters_ += words.letters_of(form);
    runs_.insert(runs_.end(), runs.begin(), runs.end());
  }
  phrase.words.push_back(static_cast<std::uint32_t>(letters_.size()));
  phrase.hash =
      hash_of(std::u32string_view(letters_).substr(phrase.words[0], phrase.words[1] - phrase.words[0]));
  phrases_.push_back(std::move(phrase));
  if (phrases_.size() * 4 > heads_.size())
    widen();
  else
    link(static_cast<std::uint32_t>(phrases_.size() - 1));
  return {};
}

bool Phrases::matches(const Phrase& phrase, std::size_t word, const Words& in, const Form& form) const {
  const std::uint32_t at = phrase.words[word];
  const std::size_t size = phrase.words[word + 1] - at;
  const std::u32string_view letters(letters_.data() + at, size);
  return (form.as_written || !phrase.as_written_only) && in.letters_of(form) == letters &&
         same_runs(letters, in.runs_of(form), {runs_.data() + at, size});
}

// `at`: the word's place in the text, no_word for one that was put together, behind which no other comes.
void Phrases::look_up(const Words& in, const Word& word, std::size_t at, std::vector<Found>& out) const {
  for (const Form& form : in.forms_of(word)) {
    const std::uint32_t hash = hash_of(in.letters_of(form));
    for (std::uint32_t next = heads_[hash & (heads_.size() - 1)]; next != 0; next = phrases_[next - 1].next) {
      const Phrase& phrase = phrases_[next - 1];
      if (phrase.hash != hash) continue;
      const std::size_t count = phrase.words.size() - 1;
      if (!matches(phrase, 0, in, form) || (count > 1 && (at == no_word || at + count > in.words.size())))
        continue;
      std::size_t same = 1;
      for (; same < count; ++same)
        if (std::ranges::none_of(in.forms_of(in.words[at + same]),
                                 [&](const Form& next) { return matches(phrase, same, in, next); }))
          break;
      if (same == count)
        out.push_back({phrase.number,
                       {word.where.begin, count > 1 ? in.words[at + count - 1].where.end : word.where.end}});
    }
  }
}

void Phrases::find(const Words& in, std::vector<Found>& out) const {
  if (phrases_.empty()) return;
  for (std::size_t at = 0; at < in.words.size(); ++at) look_up(in, in.words[at], at, out);
  for (const Word& word : in.joined) look_up(in, word, no_word, out);
}

}  // namespace sluice::automod
