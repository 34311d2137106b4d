#include "automod/entry.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace sluice::automod {

namespace {

// The next word of `line`, which is then what follows it.
std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view word = line.substr(0, end);
  line = trim(line.substr(end));
  return word;
}

Result<Entry> parse_entry(std::string_view line) {
  Entry entry;
  std::string_view rest = line;
  if (const auto action = action_named(take_word(rest));
      action && rest.find_first_of(" \t") != std::string_view::npos) {
    entry.action = *action;
    entry.category = take_word(rest);
    if (!is_category(entry.category))
      return fail(Errc::invalid, fmt::format("'{}' is no category", legible(entry.category)));
    line = rest;
  }
  entry.pattern = line.size() >= 2 && line.starts_with('/') && line.ends_with('/');
  if (entry.pattern) line = line.substr(1, line.size() - 2);
  const std::size_t most = entry.pattern ? longest_pattern : longest_phrase;
  if (line.empty()) return fail(Errc::invalid, "an empty pattern");
  if (code_point_count(line) > most) return fail(Errc::invalid, fmt::format("more than {} characters", most));
  entry.phrase = line;
  return entry;
}

}  // namespace

std::string_view name(Action action) {
  return action == Action::allow ? "allow" : action == Action::hold ? "hold" : "block";
}

Result<Action> action_named(std::string_view text) {
  for (const Action action : {Action::allow, Action::hold, Action::block})
    if (text == name(action)) return action;
  return fail(Errc::invalid, "neither allow, hold nor block: " + legible(text));
}

bool is_category(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, fits);
}

Result<std::vector<Entry>> parse_word_list(std::string_view text) {
  std::vector<Entry> entries;
  std::size_t number = 0;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    auto entry = is_utf8(line) ? parse_entry(line) : fail(Errc::invalid, "not UTF-8");
    if (!entry) return fail(entry.error().code, fmt::format("line {}: {}", number, entry.error().what));
    entries.push_back(*std::move(entry));
  }
  return entries;
}

}  // namespace sluice::automod
