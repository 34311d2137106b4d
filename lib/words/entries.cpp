#include "words/entries.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "automod/lists.hpp"

namespace sluice::words {

namespace {
store::WordEntry stored(const automod::Entry& entry) {
  const auto action = entry.action == automod::Action::allow  ? store::WordAction::allow
                      : entry.action == automod::Action::hold ? store::WordAction::hold
                                                              : store::WordAction::block;
  return {entry.phrase, entry.pattern ? store::WordKind::pattern : store::WordKind::phrase, action};
}
}  // namespace

Result<std::vector<store::WordEntry>> read_entries(std::string_view text) {
  SLUICE_TRY_VALUE(const std::vector<automod::Entry> entries, automod::parse_word_list(text));
  SLUICE_TRY_VALUE(automod::Folder folder, automod::Folder::make());
  SLUICE_TRY(automod::Lists::compile(folder, entries));
  std::vector<store::WordEntry> made;
  for (const automod::Entry& entry : entries) made.push_back(stored(entry));
  return made;
}

Result<std::vector<store::WordEntry>> read_entries_to_drop(std::string_view text) {
  SLUICE_TRY_VALUE(const std::vector<automod::Entry> entries, automod::parse_word_list(text));
  std::vector<store::WordEntry> made;
  for (const automod::Entry& entry : entries) made.push_back(stored(entry));
  return made;
}

namespace {
Result<store::WordEntry> the_only(Result<std::vector<store::WordEntry>> entries) {
  if (!entries) {
    constexpr std::string_view number = "line 1: ";
    Error error = std::move(entries).error();
    if (error.what.starts_with(number)) error.what.erase(0, number.size());
    return std::unexpected(std::move(error));
  }
  if (entries->size() != 1) return fail(Errc::invalid, "that is not one entry of a word list");
  return std::move(entries->front());
}
}  // namespace

Result<store::WordEntry> read_entry(std::string_view line) {
  return the_only(read_entries(line));
}

Result<store::WordEntry> read_entry_to_drop(std::string_view line,
                                            const std::vector<store::WordEntry>& there) {
  SLUICE_TRY_VALUE(store::WordEntry typed, the_only(read_entries_to_drop(line)));
  const auto as_written = [&](const store::WordEntry& entry) {
    return entry.kind == typed.kind && entry.text == typed.text;
  };
  if (typed.kind == store::WordKind::pattern || std::ranges::any_of(there, as_written)) return typed;
  SLUICE_TRY_VALUE(automod::Folder folder, automod::Folder::make());
  const std::u32string text = folder.fold(typed.text).text;
  for (const store::WordEntry& entry : there)
    if (entry.kind == typed.kind && folder.fold(entry.text).text == text) return entry;
  return typed;
}

Result<std::vector<store::WordEntry>> with_part(std::vector<store::WordEntry> entries,
                                                std::string_view part) {
  if (part.empty()) return entries;
  SLUICE_TRY_VALUE(automod::Folder folder, automod::Folder::make());
  const std::u32string wanted = folder.fold(part).text;
  std::erase_if(
      entries, [&](const store::WordEntry& entry) { return !folder.fold(entry.text).text.contains(wanted); });
  return entries;
}

std::string line_of(const store::WordEntry& entry) {
  const char* slash = entry.kind == store::WordKind::pattern ? "/" : "";
  return fmt::format("{} custom {}{}{}", store::name(entry.action), slash, entry.text, slash);
}

Result<store::WordList> list_to_change(store::WordLists& lists, std::string_view name,
                                       const store::Actor& actor) {
  SLUICE_TRY_VALUE(store::WordList list, lists.by_name(name));
  if (actor.user == UserId() || actor.user == list.owner) return list;
  return fail(Errc::denied, fmt::format("the word list \"{}\" belongs to {}", list.name, list.owner_name));
}

}  // namespace sluice::words
