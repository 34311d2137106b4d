#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"
#include "store/sqlite_word_rows.hpp"

namespace sluice::store {

namespace {
// `what` is "subscribe" or "unsubscribe".
Result<bool> set_active(Change& change, ChannelId channel_id, WordListId list_id, bool active,
                        const Actor& actor) {
  SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
  SLUICE_TRY_VALUE(WordList list, word_list_by_id(change.db, list_id));
  SLUICE_TRY_VALUE(
      sqlite::Statement subscribed,
      change.db.query("SELECT 1 FROM word_subscriptions WHERE channel_id = ? AND list_id = ? AND active",
                      channel_id.value(), list_id.value()));
  SLUICE_TRY_VALUE(bool was_active, subscribed.step());
  if (was_active == active) return false;

  SLUICE_TRY_VALUE(std::int64_t version, next_word_version(change));
  SLUICE_TRY(change.db.run(
      "INSERT OR REPLACE INTO word_subscriptions (channel_id, list_id, active, version) VALUES (?, ?, ?, ?)",
      channel_id.value(), list_id.value(), std::int64_t{active}, version));
  const std::string_view what = active ? "subscribe" : "unsubscribe";
  AuditEntry entry = act_in(channel, actor, fmt::format("word_list.{}", what));
  entry.target = "word_list:" + list.name;
  SLUICE_TRY(append_audit(change, std::move(entry)));
  nlohmann::json payload = broadcaster_payload(channel);
  payload["list_id"] = std::to_string(list_id.value());
  payload["list_name"] = list.name;
  payload["version"] = version;
  payload["change"] = what;
  SLUICE_TRY(change.emit("word_list.update", channel_id, payload));
  return true;
}

// The number of the newest change that touched the channel's rules. What it has left counts as it was left.
Result<std::int64_t> version_of(sqlite::Database& db, ChannelId channel) {
  return first(
      db.query(
          "SELECT coalesce(max(CASE WHEN s.active THEN max(s.version, l.version) ELSE s.version END), 0) "
          "FROM word_subscriptions s JOIN word_lists l ON l.id = s.list_id WHERE s.channel_id = ?",
          channel.value()),
      [](auto& row) { return row.integer(0); }, "");
}
}  // namespace

Result<bool> SqliteWordLists::subscribe(ChannelId channel, WordListId list, const Actor& actor) {
  return core_.write([&](Change& change) { return set_active(change, channel, list, true, actor); });
}

Result<bool> SqliteWordLists::unsubscribe(ChannelId channel, WordListId list, const Actor& actor) {
  return core_.write([&](Change& change) { return set_active(change, channel, list, false, actor); });
}

Result<std::vector<WordList>> SqliteWordLists::of_channel(ChannelId channel) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(
        db.query(select_word_lists(fmt::format("{} AND EXISTS (SELECT 1 FROM word_subscriptions s WHERE "
                                               "s.list_id = l.id AND s.channel_id = ? AND s.active) "
                                               "ORDER BY l.name",
                                               and_shared)),
                 channel.value()),
        word_list_of);
  });
}

Result<WordRules> SqliteWordLists::rules_for(ChannelId channel) {
  return core_.read([&](sqlite::Database& db, Wall) -> Result<WordRules> {
    // The version first: when another process changes a list between these reads, the rules are newer than
    // their number, and are read once more than needed.
    WordRules rules;
    SLUICE_TRY_VALUE(rules.version, version_of(db, channel));
    SLUICE_TRY_VALUE(
        rules.lists,
        collect(db.query("SELECT s.list_id FROM word_subscriptions s JOIN word_lists l ON l.id = s.list_id "
                         "WHERE s.channel_id = ? AND s.active AND l.removed_ms IS NULL ORDER BY s.list_id",
                         channel.value()),
                [](auto& row) { return WordListId(row.integer(0)); }));
    SLUICE_TRY_VALUE(const std::vector<WordListId> own,
                     collect(db.query("SELECT s.list_id FROM word_subscriptions s "
                                      "JOIN word_lists l ON l.id = s.list_id WHERE s.channel_id = ? "
                                      "AND s.active AND substr(l.name, 1, 1) = '#'",
                                      channel.value()),
                             [](auto& row) { return WordListId(row.integer(0)); }));
    if (!own.empty()) rules.terms = own.front();
    SLUICE_TRY_VALUE(
        rules.rules,
        collect(db.query("SELECT e.kind, e.text, e.action, e.list_id FROM word_subscriptions s "
                         "JOIN word_entries e ON e.list_id = s.list_id "
                         "WHERE s.channel_id = ? AND s.active ORDER BY e.list_id, e.kind, e.text",
                         channel.value()),
                [](auto& row) {
                  return WordRule{word_entry_at(row, 0), WordListId(row.integer(3))};
                }));
    return rules;
  });
}

}  // namespace sluice::store
