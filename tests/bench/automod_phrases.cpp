// rooms: automod
// Microseconds a message of finding 10,000 phrases: our index, which sees through disguises, beside RE2::Set
// and Hyperscan, which are asked for whole words in the folded text only. usage: automod_phrases [PHRASES
// [MESSAGES]]. One line of JSON each.
#include <fmt/format.h>
#include <re2/set.h>
#ifdef HAVE_HYPERSCAN
#include <hs.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>

#include "automod/lists.hpp"

using namespace sluice;
using namespace sluice::automod;

namespace {

using Random = std::mt19937_64;
std::size_t below(Random& random, std::size_t end) {
  return random() % end;
}

std::string made_up_word(Random& random, std::size_t syllables) {
  static const std::vector<std::string> onsets{"b", "br", "c", "d", "f", "g", "gr", "h", "k",
                                               "l", "m",  "n", "p", "r", "s", "st", "t", "v"};
  static const std::vector<std::string> rimes{"a", "an", "e", "ed", "er", "i",   "ing",
                                              "o", "ol", "u", "um", "y",  "ick", "ash"};
  std::string word;
  for (; syllables > 0; --syllables)
    word += onsets[below(random, onsets.size())] + rimes[below(random, rimes.size())];
  return word;
}
// Of up to so many syllables; phrases' words have more than the others have, or each message would hold
// several.
std::string made_up_words(Random& random, std::size_t count, std::size_t least, std::size_t most) {
  std::string text;
  for (; count > 0; --count)
    text += (text.empty() ? "" : " ") + made_up_word(random, least + below(random, most - least + 1));
  return text;
}

template <class Act>
double microseconds_each(std::size_t count, const Act& act) {
  double best = 1e9;
  for (int round = 0; round < 15; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < count; ++i) act(i);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count() / static_cast<double>(count));
  }
  return best;
}

void print(const char* name, double built_ms, double each_us, std::size_t hits) {
  fmt::print("{{\"engine\":\"{}\",\"build_ms\":{:.1f},\"us_per_message\":{:.3f},\"messages_hit\":{}}}\n",
             name, built_ms, each_us, hits);
}
double ms_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t phrase_count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
  const std::size_t message_count = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 5'000;
  Random random(7);
  std::vector<std::string> phrases;
  while (phrases.size() < phrase_count)
    phrases.push_back(made_up_words(random, 1 + (below(random, 4) == 0) + (below(random, 8) == 0), 3, 4));
  std::ranges::sort(phrases);
  phrases.erase(std::unique(phrases.begin(), phrases.end()), phrases.end());
  std::vector<std::string> messages;
  for (std::size_t i = 0; i < message_count; ++i) {
    messages.push_back(made_up_words(random, 3 + below(random, 15), 1, 2));
    if (below(random, 20) == 0) messages.back() += " " + phrases[below(random, phrases.size())];
  }

  Folder folder = *Folder::make();
  std::vector<Folded> folded;
  std::vector<std::string> texts;
  for (const auto& message : messages) {
    folded.push_back(folder.fold(message));
    texts.push_back(to_utf8(folded.back().text));
  }
  print("fold", 0, microseconds_each(messages.size(), [&](std::size_t i) { folder.fold(messages[i]); }), 0);

  auto begin = std::chrono::steady_clock::now();
  Phrases ours;
  for (std::uint32_t i = 0; i < phrases.size(); ++i) (void)ours.add(folder, phrases[i], i);
  double built = ms_since(begin);
  Words words;
  std::vector<Phrases::Found> found;
  std::vector<bool> hit(messages.size());
  const double each = microseconds_each(messages.size(), [&](std::size_t i) {
    found.clear();
    cut_words(folded[i].text, words);
    ours.find(words, found);
    hit[i] = !found.empty();
  });
  print("index of words", built, each, static_cast<std::size_t>(std::ranges::count(hit, true)));

  RE2::Options options;
  options.set_max_mem(512 << 20);
  begin = std::chrono::steady_clock::now();
  RE2::Set set(options, RE2::UNANCHORED);
  for (const auto& phrase : phrases) set.Add("\\b" + phrase + "\\b", nullptr);
  set.Compile();
  built = ms_since(begin);
  std::vector<int> which;
  const double re2_each =
      microseconds_each(messages.size(), [&](std::size_t i) { hit[i] = set.Match(texts[i], &which); });
  print("RE2::Set", built, re2_each, static_cast<std::size_t>(std::ranges::count(hit, true)));

#ifdef HAVE_HYPERSCAN
  begin = std::chrono::steady_clock::now();
  std::vector<std::string> expressions;
  for (const auto& phrase : phrases) expressions.push_back("\\b" + phrase + "\\b");
  std::vector<const char*> pointers;
  std::vector<unsigned> flags(expressions.size(), HS_FLAG_SINGLEMATCH), ids;
  for (unsigned i = 0; i < expressions.size(); ++i) {
    pointers.push_back(expressions[i].c_str());
    ids.push_back(i);
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(pointers.data(), flags.data(), ids.data(), static_cast<unsigned>(pointers.size()),
                       HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
    fmt::print(stderr, "Hyperscan: {}\n", error->message);
    return 1;
  }
  hs_scratch_t* scratch = nullptr;
  hs_alloc_scratch(database, &scratch);
  built = ms_since(begin);
  const double hs_each = microseconds_each(messages.size(), [&](std::size_t i) {
    bool any = false;
    hs_scan(
        database, texts[i].data(), static_cast<unsigned>(texts[i].size()), 0, scratch,
        [](unsigned, unsigned long long, unsigned long long, unsigned, void* to) {
          return *static_cast<bool*>(to) = true, 0;
        },
        &any);
    hit[i] = any;
  });
  print("Hyperscan", built, hs_each, static_cast<std::size_t>(std::ranges::count(hit, true)));
#endif
}
