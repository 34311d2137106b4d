#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"
#include "store/sqlite_word_rows.hpp"

namespace sluice::store {

namespace {
constexpr std::size_t most_told = 100;  // entries in the context of an audit entry

AuditEntry act_on_list(const WordList& list, const Actor& actor, std::string_view action) {
  return {.actor = actor, .action = std::string(action), .target = "word_list:" + list.name};
}

nlohmann::json list_payload(const WordList& list, std::string_view what) {
  return {{"list_id", std::to_string(list.id.value())},
          {"list_name", list.name},
          {"version", list.version},
          {"change", what}};
}

// Gives the list the number of a new change.
Result<> advance(Change& change, WordList& list) {
  SLUICE_TRY_VALUE(list.version, next_word_version(change));
  return change.db.run("UPDATE word_lists SET version = ? WHERE id = ?", list.version, list.id.value());
}

Result<std::vector<WordEntry>> checked(const std::vector<WordEntry>& typed) {
  std::vector<WordEntry> entries;
  for (const WordEntry& entry : typed) {
    SLUICE_TRY_VALUE(std::string text, platform::word_text(entry.text));
    entries.push_back({std::move(text), entry.kind, entry.action});
  }
  return entries;
}

Result<WordListPatch> checked(const WordListPatch& typed) {
  WordListPatch patch;
  SLUICE_TRY_VALUE(patch.put, checked(typed.put));
  SLUICE_TRY_VALUE(patch.drop, checked(typed.drop));
  return patch;
}

Result<> put(Change& change, WordListChange& result, const WordEntry& entry) {
  SLUICE_TRY(change.db.run(
      "UPDATE word_entries SET action = ? WHERE list_id = ? AND kind = ? AND text = ? AND action <> ?1",
      name(entry.action), result.list.id.value(), name(entry.kind), entry.text));
  if (change.db.changes()) {
    ++result.changed;
    return {};
  }
  SLUICE_TRY(
      change.db.run("INSERT OR IGNORE INTO word_entries (list_id, kind, text, action) VALUES (?, ?, ?, ?)",
                    result.list.id.value(), name(entry.kind), entry.text, name(entry.action)));
  result.added += change.db.changes();
  return {};
}

Result<> drop(Change& change, WordListChange& result, const WordEntry& entry) {
  SLUICE_TRY(change.db.run("DELETE FROM word_entries WHERE list_id = ? AND kind = ? AND text = ?",
                           result.list.id.value(), name(entry.kind), entry.text));
  result.dropped += change.db.changes();
  return {};
}

bool nothing(const WordListChange& result) {
  return result.added + result.changed + result.dropped == 0;
}

// Each pattern takes its time for every message.
Result<> check_patterns(sqlite::Database& db, const WordList& list, const WordListPatch& patch) {
  if (std::ranges::find(patch.put, WordKind::pattern, &WordEntry::kind) == patch.put.end()) return {};
  SLUICE_TRY_VALUE(const std::int64_t count,
                   first(
                       db.query("SELECT count(*) FROM word_entries WHERE list_id = ? AND kind = 'pattern'",
                                list.id.value()),
                       [](auto& row) { return row.integer(0); }, ""));
  if (count <= static_cast<std::int64_t>(most_word_patterns)) return {};
  return fail(Errc::invalid, fmt::format("the word list \"{}\" would have {} patterns", list.name, count),
              fmt::format("a list has up to {}: join some with |", most_word_patterns));
}

// Where something changed the list has the number of this change.
Result<WordListChange> apply(Change& change, WordList list, const WordListPatch& patch) {
  WordListChange result{.list = std::move(list)};
  for (const WordEntry& entry : patch.drop) SLUICE_TRY(drop(change, result, entry));
  for (const WordEntry& entry : patch.put) SLUICE_TRY(put(change, result, entry));
  if (nothing(result)) return result;
  result.list.entries += result.added - result.dropped;
  if (result.list.entries > most_word_entries)
    return fail(
        Errc::invalid,
        fmt::format("the word list \"{}\" would have {} entries", result.list.name, result.list.entries),
        fmt::format("a list has up to {}", most_word_entries));
  if (result.added > 0) SLUICE_TRY(check_patterns(change.db, result.list, patch));
  SLUICE_TRY(advance(change, result.list));
  return result;
}

Result<std::optional<WordList>> terms_of(sqlite::Database& db, const Channel& channel) {
  auto list = first(db.query(select_word_lists("AND l.name = ?"), name_of_terms(channel)), word_list_of, "");
  if (list) return *std::move(list);
  if (list.error().code == Errc::not_found) return std::nullopt;
  return std::unexpected(std::move(list).error());
}

Result<WordList> make_terms(Change& change, const Channel& channel) {
  SLUICE_TRY_VALUE(const std::int64_t version, next_word_version(change));
  SLUICE_TRY(change.db.run("INSERT INTO word_lists (name, owner_id, version, created_ms) VALUES (?, ?, ?, ?)",
                           name_of_terms(channel), channel.owner.value(), version, to_ms(change.now)));
  const WordListId id(change.db.last_row_id());
  SLUICE_TRY(change.db.run(
      "INSERT INTO word_subscriptions (channel_id, list_id, active, version) VALUES (?, ?, 1, ?)",
      channel.id.value(), id.value(), version));
  return word_list_by_id(change.db, id);
}

nlohmann::json told(const std::vector<WordEntry>& entries, bool with_action) {
  nlohmann::json list = nlohmann::json::array();
  for (const WordEntry& entry : entries) {
    if (list.size() == most_told) break;
    nlohmann::json item{{"kind", name(entry.kind)}, {"text", entry.text}};
    if (with_action) item["action"] = name(entry.action);
    list.push_back(std::move(item));
  }
  return list;
}

std::string context_of(const WordListChange& result, const WordListPatch& patch) {
  return one_line({{"added", result.added},
                   {"changed", result.changed},
                   {"dropped", result.dropped},
                   {"put", told(patch.put, true)},
                   {"drop", told(patch.drop, false)}});
}
}  // namespace

Result<WordList> SqliteWordLists::add(std::string_view typed, UserId owner, const Actor& actor) {
  SLUICE_TRY_VALUE(std::string list_name, platform::word_list_name(typed));
  return core_.write([&](Change& change) -> Result<WordList> {
    SLUICE_TRY_VALUE(const User user, user_by_id(change.db, owner));
    SLUICE_TRY_VALUE(
        const std::int64_t owned,
        first(
            change.db.query(fmt::format("SELECT count(*) FROM word_lists l WHERE l.owner_id = ? AND "
                                        "l.removed_ms IS NULL {}",
                                        and_shared),
                            owner.value()),
            [](auto& row) { return row.integer(0); }, ""));
    if (owned >= static_cast<std::int64_t>(most_word_lists))
      return fail(Errc::invalid, fmt::format("{} has {} word lists already", user.name, owned),
                  "that is as many as there may be: remove one");
    SLUICE_TRY_VALUE(std::int64_t version, next_word_version(change));
    Result<> added =
        change.db.run("INSERT INTO word_lists (name, owner_id, version, created_ms) VALUES (?, ?, ?, ?)",
                      list_name, owner.value(), version, to_ms(change.now));
    if (!added && added.error().code == Errc::exists)
      return fail(Errc::exists, fmt::format("the word list \"{}\" exists", list_name));
    SLUICE_TRY(added);
    SLUICE_TRY_VALUE(WordList list, word_list_by_id(change.db, WordListId(change.db.last_row_id())));
    SLUICE_TRY(append_audit(change, act_on_list(list, actor, "word_list.add")));
    return list;
  });
}

Result<> SqliteWordLists::remove(WordListId id, const Actor& actor) {
  return core_.write([&](Change& change) -> Result<> {
    SLUICE_TRY_VALUE(WordList list, word_list_by_id(change.db, id));
    SLUICE_TRY(advance(change, list));
    SLUICE_TRY(change.db.run("DELETE FROM word_entries WHERE list_id = ?", id.value()));
    SLUICE_TRY(
        change.db.run("UPDATE word_lists SET removed_ms = ? WHERE id = ?", to_ms(change.now), id.value()));
    AuditEntry entry = act_on_list(list, actor, "word_list.remove");
    entry.context = one_line({{"entries", list.entries}});
    SLUICE_TRY(append_audit(change, std::move(entry)));
    SLUICE_TRY(change.emit("word_list.update", ChannelId(), list_payload(list, "remove")));
    return {};
  });
}

Result<WordList> SqliteWordLists::by_name(std::string_view typed) {
  return core_.read([&](sqlite::Database& db, Wall) { return word_list_by_name(db, typed); });
}

Result<std::vector<WordList>> SqliteWordLists::list() {
  return core_.read([](sqlite::Database& db, Wall) {
    return collect(db.query(select_word_lists(fmt::format("{} ORDER BY l.name", and_shared))), word_list_of);
  });
}

Result<std::vector<WordEntry>> SqliteWordLists::entries(WordListId id) {
  return core_.read([&](sqlite::Database& db, Wall) -> Result<std::vector<WordEntry>> {
    SLUICE_TRY(word_list_by_id(db, id));
    return word_entries_of(db, id);
  });
}

Result<WordListChange> SqliteWordLists::change(WordListId id, const WordListPatch& typed,
                                               const Actor& actor) {
  SLUICE_TRY_VALUE(const WordListPatch patch, checked(typed));
  return core_.write([&](Change& change) -> Result<WordListChange> {
    SLUICE_TRY_VALUE(WordList list, word_list_by_id(change.db, id));
    SLUICE_TRY_VALUE(WordListChange result, apply(change, std::move(list), patch));
    if (nothing(result)) return result;
    AuditEntry entry = act_on_list(result.list, actor, "word_list.change");
    entry.context = context_of(result, patch);
    SLUICE_TRY(append_audit(change, std::move(entry)));
    SLUICE_TRY(change.emit("word_list.update", ChannelId(), list_payload(result.list, "entries")));
    return result;
  });
}

Result<WordListChange> SqliteWordLists::change_terms(ChannelId id, const WordListPatch& typed,
                                                     const Actor& actor) {
  SLUICE_TRY_VALUE(const WordListPatch patch, checked(typed));
  return core_.write([&](Change& change) -> Result<WordListChange> {
    SLUICE_TRY_VALUE(const Channel channel, channel_by_id(change.db, id));
    SLUICE_TRY_VALUE(std::optional<WordList> list, terms_of(change.db, channel));
    if (!list && patch.put.empty()) return WordListChange{};
    if (!list) {
      SLUICE_TRY_VALUE(list, make_terms(change, channel));
    }
    SLUICE_TRY_VALUE(WordListChange result, apply(change, *std::move(list), patch));
    if (nothing(result)) return result;
    AuditEntry entry = act_in(channel, actor, "terms.change");
    entry.context = context_of(result, patch);
    SLUICE_TRY(append_audit(change, std::move(entry)));
    nlohmann::json payload = broadcaster_payload(channel);
    payload.update(list_payload(result.list, "terms"));
    SLUICE_TRY(change.emit("word_list.update", channel.id, payload));
    return result;
  });
}

Result<std::vector<WordEntry>> SqliteWordLists::terms(ChannelId id) {
  return core_.read([&](sqlite::Database& db, Wall) -> Result<std::vector<WordEntry>> {
    SLUICE_TRY_VALUE(const Channel channel, channel_by_id(db, id));
    SLUICE_TRY_VALUE(const std::optional<WordList> list, terms_of(db, channel));
    if (!list) return std::vector<WordEntry>();
    return word_entries_of(db, list->id);
  });
}

}  // namespace sluice::store
