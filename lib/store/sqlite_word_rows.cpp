#include "store/sqlite_word_rows.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace sluice::store {

namespace {
WordAction action_named(std::string_view text) {
  return text == "allow" ? WordAction::allow : text == "hold" ? WordAction::hold : WordAction::block;
}
}  // namespace

std::string_view name(WordKind kind) {
  return kind == WordKind::phrase ? "phrase" : "pattern";
}

std::string_view name(WordAction action) {
  switch (action) {
    case WordAction::block:
      return "block";
    case WordAction::hold:
      return "hold";
    case WordAction::allow:
      break;
  }
  return "allow";
}

std::string select_word_lists(std::string_view rest) {
  return fmt::format(
      "SELECT l.id, l.name, l.owner_id, u.name, l.version, "
      "(SELECT count(*) FROM word_entries e WHERE e.list_id = l.id), l.created_ms "
      "FROM word_lists l JOIN users u ON u.id = l.owner_id WHERE l.removed_ms IS NULL {}",
      rest);
}

WordList word_list_of(sqlite::Statement& row) {
  return {.id = WordListId(row.integer(0)),
          .name = row.text(1),
          .owner = UserId(row.integer(2)),
          .owner_name = row.text(3),
          .version = row.integer(4),
          .entries = static_cast<std::size_t>(row.integer(5)),
          .created_at = from_ms(row.integer(6))};
}

WordEntry word_entry_at(sqlite::Statement& row, int column) {
  return {.text = row.text(column + 1),
          .kind = row.text(column) == "pattern" ? WordKind::pattern : WordKind::phrase,
          .action = action_named(row.text(column + 2))};
}

Result<WordList> word_list_by_id(sqlite::Database& db, WordListId id) {
  return first(db.query(select_word_lists("AND l.id = ?"), id.value()), word_list_of,
               fmt::format("no word list {}", id.value()));
}

Result<WordList> word_list_by_name(sqlite::Database& db, std::string_view typed) {
  std::string name = ascii_lower(typed);
  return first(db.query(select_word_lists(fmt::format("{} AND l.name = ?", and_shared)), name), word_list_of,
               fmt::format("no word list \"{}\"", name));
}

std::string name_of_terms(const Channel& channel) {
  return "#" + channel.name;
}

Result<std::vector<WordEntry>> word_entries_of(sqlite::Database& db, WordListId id) {
  return collect(db.query("SELECT kind, text, action FROM word_entries WHERE list_id = ? ORDER BY kind, text",
                          id.value()),
                 [](auto& row) { return word_entry_at(row, 0); });
}

Result<std::int64_t> next_word_version(Change& change) {
  SLUICE_TRY(change.db.run("UPDATE word_changes SET version = version + 1"));
  return first(
      change.db.query("SELECT version FROM word_changes"), [](auto& row) { return row.integer(0); },
      "the number of word list changes is missing");
}

}  // namespace sluice::store
