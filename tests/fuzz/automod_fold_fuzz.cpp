// rooms: automod
// Any bytes: folded and cut into words; the map back is whole, ascending and within the original, and rules
// and features take what came of it. And as a list of kinds of words.
#include <cstdint>
#include <cstdlib>

#include "automod/features.hpp"
#include "automod/spam.hpp"

using namespace sluice::automod;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Folder folder = *Folder::make();
  const Folded folded = folder.fold({reinterpret_cast<const char*>(data), size});
  if (folded.from.size() != folded.text.size()) std::abort();
  Span before;
  for (const Span& from : folded.from) {
    if (from.begin >= from.end || from.end > folded.original.size() || from.begin < before.begin)
      std::abort();
    before = from;
  }
  Words words;
  cut_words(folded.text, words);
  if (words.letters.size() != words.runs.size()) std::abort();
  for (const auto* some : {&words.words, &words.joined})
    for (const Word& word : *some) {
      if (word.where.begin >= word.where.end || word.where.end > folded.text.size()) std::abort();
      for (const Form& form : words.forms_of(word))
        if (form.size == 0 || form.at + form.size > words.letters.size()) std::abort();
    }
  for (const Link& link : links(folded, {"example.com"}))
    if (link.domain.empty() || link.where.end > folded.text.size()) std::abort();
  too_many_capitals(folded.original);
  repetition(folded, words);
  static const Kinds kinds = *Kinds::parse("person: you they\nviolence: kill stab\n", folder);
  Features features;
  features_of(words, kinds, 1024, features);
  for (const auto* some : {&features.words, &features.pieces})
    for (std::size_t i = 0; i < some->size(); ++i)
      if ((*some)[i] >= 1024 || (i > 0 && (*some)[i] <= (*some)[i - 1])) std::abort();
  // The same bytes as a list of kinds, and what it is kept as.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto read = Kinds::parse(text, folder)) {
    const auto again = Kinds::parse_folded(read->render());
    if (!again || again->words() != read->words()) std::abort();
  }
  (void)Kinds::parse_folded(text);
  return 0;
}
