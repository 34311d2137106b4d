// rooms: automod
// A word list and a text behind a NUL byte: compiled and looked for without a crash, and what is found lies
// within the text.
#include <cstdint>
#include <cstdlib>

#include "automod/lists.hpp"

using namespace sluice::automod;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Folder folder = *Folder::make();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view file = input.substr(0, input.find('\0'));
  const std::string_view text = input.substr(std::min(file.size() + 1, input.size()));
  auto entries = parse_word_list(file);
  if (!entries) return 0;
  for (const Entry& entry : *entries)
    if (!is_category(entry.category) || entry.phrase.empty()) std::abort();
  const auto lists = Lists::compile(folder, *std::move(entries));
  if (!lists) return 0;
  const Folded folded = folder.fold(text);
  Words words;
  cut_words(folded.text, words);
  std::vector<Lists::Found> found;
  lists->find(folded, words, found);
  take_back(found);
  for (const auto& hit : found) {
    if (hit.where.begin >= hit.where.end || hit.where.end > folded.text.size()) std::abort();
    const Span origin = folded.origin(hit.where);
    if (origin.begin >= origin.end || origin.end > folded.original.size()) std::abort();
  }
  return 0;
}
