#include "words/entries.hpp"

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

Result<store::WordEntry> read_entry(std::string_view line) {
  auto entries = read_entries(line);
  if (!entries) {
    constexpr std::string_view number = "line 1: ";
    Error error = std::move(entries).error();
    if (error.what.starts_with(number)) error.what.erase(0, number.size());
    return std::unexpected(std::move(error));
  }
  if (entries->size() != 1) return fail(Errc::invalid, "that is not one entry of a word list");
  return std::move(entries->front());
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
