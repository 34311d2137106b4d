#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include <fmt/format.h>

#include "automod/training.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace sluice::automod {

namespace {

constexpr std::size_t neighbours = 12;    // templates that are in a fold together
constexpr std::size_t without_slots = 4;  // examples of a template that can only be typed in other ways
using Random = std::mt19937_64;           // its numbers are the same everywhere, which those of the library's
                                          // distributions are not
std::size_t below(Random& random, std::size_t end) {
  return random() % end;
}

// The names of the slots in a template.
std::vector<std::string> slots_in(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t open = text.find('{'); open != std::string_view::npos; open = text.find('{', open + 1))
    if (const std::size_t close = text.find('}', open); close != std::string_view::npos)
      names.emplace_back(text.substr(open + 1, close - open - 1));
  return names;
}

Result<> parse_line(std::string_view line, Templates& to) {
  if (line.starts_with('@')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_category(line.substr(1, colon - 1)))
      return fail(Errc::invalid, "a slot is @NAME: one | two");
    auto& fillings = to.slots[std::string(line.substr(1, colon - 1))];
    for (const std::string_view filling : split(line.substr(colon + 1), '|'))
      fillings.emplace_back(trim(filling));
    return {};
  }
  const std::size_t blank = line.find(' ');
  const std::string_view category = line.substr(0, blank);
  if (blank == std::string_view::npos || !is_category(category))
    return fail(Errc::invalid, "a template is CATEGORY TEXT");
  to.templates.push_back(
      {category == "ok" ? "" : std::string(category), std::string(trim(line.substr(blank)))});
  return {};
}

void add_word_slots(const std::vector<Entry>& words, Templates& to) {
  for (const Entry& entry : words)
    if (!entry.pattern && entry.action != Action::allow)
      to.slots["words:" + entry.category].push_back(entry.phrase);
}

// 1 for a template of a few hundred fillings, more for one of more: every sixteenfold is one more.
std::size_t richness(const Templates& templates, const std::vector<std::string>& slots) {
  double fillings = 1;
  for (const std::string& slot : slots) fillings *= static_cast<double>(templates.slots.at(slot).size());
  return static_cast<std::size_t>(std::max(1., std::log2(fillings) / 4));
}

std::string filled(const Templates& templates, std::string_view text, Random& random) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('{'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    if (text.empty()) break;
    const std::size_t close = text.find('}');
    const auto& fillings = templates.slots.find(text.substr(1, close - 1))->second;
    out += fillings[below(random, fillings.size())];
    text.remove_prefix(close + 1);
  }
  return out;
}

// As people type: a mark at the end, a capital, a letter drawn out, an apostrophe left out, two letters
// turned.
std::string typed(std::string text, Random& random) {
  switch (below(random, 10)) {
    case 0:
      text += below(random, 2) == 0 ? "!" : "...";
      break;
    case 1:
      text += below(random, 2) == 0 ? " lol" : " bro";
      break;
    case 2:
      if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
      break;
    case 3:
      if (const std::size_t at = below(random, text.size()); text[at] >= 'a' && text[at] <= 'z')
        text.insert(at, 2, text[at]);
      break;
    case 4:
    case 5:
      std::erase(text, '\'');
      break;
    case 6:
      if (const std::size_t at = below(random, text.size()); at > 0 && at + 2 < text.size() &&
                                                             text[at] >= 'a' && text[at + 1] >= 'a' &&
                                                             text[at] <= 'z' && text[at + 1] <= 'z')
        std::swap(text[at], text[at + 1]);
      break;
    default:
      break;
  }
  return text;
}

}  // namespace

Result<Templates> parse_templates(std::string_view text, const std::vector<Entry>& words) {
  Templates out;
  add_word_slots(words, out);
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    if (const auto read = is_utf8(line) ? parse_line(line, out) : fail(Errc::invalid, "not UTF-8"); !read)
      return fail(Errc::invalid, fmt::format("line {}: {}", number, read.error().what));
  }
  for (const auto& line : out.templates)
    for (const std::string& slot : slots_in(line.text))
      if (!out.slots.contains(slot))
        return fail(Errc::invalid, fmt::format("'{}' names {{{}}}, which has no fillings", legible(line.text),
                                               legible(slot)));
  return out;
}

Result<std::vector<Example>> parse_examples(std::string_view text) {
  SLUICE_TRY_VALUE(Templates lines, parse_templates(text, {}));
  std::vector<Example> examples;
  for (auto& line : lines.templates) examples.push_back({std::move(line.text), std::move(line.category)});
  return examples;
}

std::vector<Example> make_examples(const Templates& templates, std::size_t per_template, std::uint64_t seed) {
  Random random(seed);
  std::vector<Example> out;
  std::array<std::vector<std::string_view>, folds> harmless;  // natural ones, by fold
  std::map<std::string, std::size_t> of_category;
  for (std::size_t family = 0; family < templates.templates.size(); ++family) {
    const auto& [category, text] = templates.templates[family];
    const std::size_t fold = of_category[category]++ / neighbours % folds;
    const std::vector<std::string> slots = slots_in(text);
    const std::size_t count = slots.empty() ? std::min<std::size_t>(per_template, without_slots)
                                            : per_template * richness(templates, slots);
    for (std::size_t i = 0; i < count; ++i) {
      std::string one = typed(filled(templates, text, random), random);
      // In company: what a line is does not change when something harmless is said before it or behind it.
      if (slots.empty() && i + 1 == count && !harmless[fold].empty()) {
        const std::string_view other = harmless[fold][below(random, harmless[fold].size())];
        one = below(random, 2) == 0 ? one + ", " + std::string(other) : std::string(other) + " " + one;
      }
      out.push_back({std::move(one), category, family, fold, slots.empty()});
    }
    if (slots.empty() && category.empty()) harmless[fold].push_back(text);
  }
  return out;
}

}  // namespace sluice::automod
