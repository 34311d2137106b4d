#include "chatlog/archive.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "chatlog/rows.hpp"
#include "os/file.hpp"

namespace sluice::chatlog {

namespace {
using chat::Message;

constexpr std::string_view schema = R"(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -16384;
  PRAGMA wal_autocheckpoint = 4000;
  CREATE TABLE IF NOT EXISTS messages (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    channel_id INTEGER NOT NULL,
    channel_name TEXT NOT NULL,
    origin TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    login TEXT NOT NULL,
    text TEXT NOT NULL,
    more TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS messages_of_channel ON messages (channel_id, row);
  CREATE INDEX IF NOT EXISTS messages_by_time ON messages (at_ms);
)";

// Since later: what was taken off the screens, and the event up to which that is so.
constexpr std::string_view taken_off_schema = R"(
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS cursors (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT OR IGNORE INTO cursors VALUES ('taken_off', 0);
  COMMIT;
)";

// Who ever spoke where; it outlives what was said.
constexpr std::string_view speakers_schema = R"(
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS speakers (
    channel_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    PRIMARY KEY (channel_id, user_id)
  ) WITHOUT ROWID;
  INSERT OR IGNORE INTO speakers SELECT channel_id, user_id, min(at_ms) FROM messages
    WHERE NOT EXISTS (SELECT 1 FROM speakers) GROUP BY channel_id, user_id;
  COMMIT;
)";

// How far each run of each node had come where; as long as anything of that is kept.
constexpr std::string_view origins_schema = R"(
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS origins (
    channel_id INTEGER NOT NULL,
    origin TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (channel_id, origin)
  ) WITHOUT ROWID;
  INSERT OR IGNORE INTO origins SELECT channel_id, origin, max(seq), max(at_ms) FROM messages
    WHERE NOT EXISTS (SELECT 1 FROM origins) GROUP BY channel_id, origin;
  COMMIT;
)";

// By which a timeout, or a cleared chat, finds what is to be taken off without reading all that was ever
// said.
constexpr std::string_view shown_schema = R"(
  CREATE INDEX IF NOT EXISTS messages_shown ON messages (channel_id, user_id) WHERE taken_off_ms IS NULL;
)";

// A room's messages by their places (Message::order). What was missed of other nodes comes into the file
// behind what was said here meanwhile: rows are in another order. A row that somebody's hand damaged has its
// time. The room is written so that this index is used where it is asked for in the same words, and nowhere
// else.
constexpr std::string_view of_room = "channel_id + 0";
constexpr std::string_view in_order =
    "CASE WHEN instr(more, '\"order\":') AND json_valid(more) "
    "THEN coalesce(json_extract(more, '$.order'), at_ms) ELSE at_ms END";

std::string order_schema() {
  return fmt::format("CREATE INDEX IF NOT EXISTS messages_in_order ON messages ({}, {})", of_room, in_order);
}

// Files of before have no such column. Several nodes may open one file at once.
Result<> add_column(sqlite::Database& database) {
  SLUICE_TRY_VALUE(sqlite::Transaction transaction, sqlite::Transaction::begin(database));
  SLUICE_TRY_VALUE(auto there,
                   database.query("SELECT 1 FROM pragma_table_info('messages') WHERE name = 'taken_off_ms'"));
  SLUICE_TRY_VALUE(const bool found, there.step());
  if (found) return {};
  SLUICE_TRY(database.run_script("ALTER TABLE messages ADD COLUMN taken_off_ms INTEGER"));
  return transaction.commit();
}
}  // namespace

Result<Archive> Archive::open(const std::string& path) {
  if (path != ":memory:") SLUICE_TRY(os::make_private_file(path));
  SLUICE_TRY_VALUE(sqlite::Database database, sqlite::Database::open(path, seconds(5)));
  SLUICE_TRY(database.run_script(schema));
  SLUICE_TRY(database.run_script(speakers_schema));
  SLUICE_TRY(database.run_script(origins_schema));
  SLUICE_TRY(database.run_script(taken_off_schema));
  SLUICE_TRY(add_column(database));
  SLUICE_TRY(database.run_script(shown_schema));
  SLUICE_TRY(database.run_script(order_schema()));
  SLUICE_TRY(make_blocked(database));
  return Archive(std::move(database));
}

namespace {
// Once for each origin of a batch, not for each message.
Result<> count_origins(sqlite::Database& database, std::span<const chat::MessagePtr> messages) {
  std::map<std::pair<ChannelId, std::string_view>, std::pair<std::uint64_t, Wall>> last;
  for (const chat::MessagePtr& message : messages) {
    auto& [seq, at] = last[{message->channel, message->origin}];
    seq = std::max(seq, message->seq);
    at = std::max(at, message->at);
  }
  for (const auto& [where, reached] : last)
    SLUICE_TRY(
        database.run("INSERT INTO origins VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                     "last_seq = max(last_seq, excluded.last_seq), last_ms = max(last_ms, excluded.last_ms)",
                     where.first.value(), where.second, static_cast<std::int64_t>(reached.first),
                     reached.second.time_since_epoch().count()));
  return {};
}
}  // namespace

Result<> Archive::append(std::span<const chat::MessagePtr> messages) {
  SLUICE_TRY_VALUE(sqlite::Transaction transaction, sqlite::Transaction::begin(database_));
  for (const chat::MessagePtr& message : messages) {
    SLUICE_TRY(
        database_.run("INSERT OR IGNORE INTO messages (id, channel_id, channel_name, origin, seq, at_ms, "
                      "user_id, login, text, more) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      message->id, message->channel.value(), message->channel_name, message->origin,
                      static_cast<std::int64_t>(message->seq), message->at.time_since_epoch().count(),
                      message->author.id.value(), message->author.login, message->text, more_of(*message)));
    if (!message->first) continue;
    SLUICE_TRY(database_.run("INSERT OR IGNORE INTO speakers VALUES (?, ?, ?)", message->channel.value(),
                             message->author.id.value(), message->at.time_since_epoch().count()));
  }
  SLUICE_TRY(count_origins(database_, messages));
  return transaction.commit();
}

Result<std::size_t> Archive::append(std::span<const Blocked> lines, const BlockedBounds& bounds) {
  SLUICE_TRY_VALUE(sqlite::Transaction transaction, sqlite::Transaction::begin(database_));
  SLUICE_TRY_VALUE(const std::size_t too_many, insert_blocked(database_, lines, bounds));
  SLUICE_TRY(transaction.commit());
  return too_many;
}

namespace {
Result<sqlite::Statement> select_kept(sqlite::Database& database, std::string_view where, auto... values) {
  return database.query(
      "SELECT " + std::string(message_columns) + ", taken_off_ms FROM messages WHERE " + std::string(where),
      values...);
}

Kept kept_of(const sqlite::Statement& row) {
  return {std::make_shared<const Message>(message_at(row, 0)), !row.null(message_width)};
}
}  // namespace

Result<std::vector<Kept>> Archive::recent(ChannelId channel, std::size_t count) {
  const std::string newest = fmt::format("{} = ? ORDER BY {} DESC, row DESC LIMIT ?", of_room, in_order);
  SLUICE_TRY_VALUE(sqlite::Statement rows,
                   select_kept(database_, newest, channel.value(), static_cast<std::int64_t>(count)));
  std::vector<Kept> messages;
  for (;;) {
    SLUICE_TRY_VALUE(const bool there_is_one, rows.step());
    if (!there_is_one) break;
    messages.push_back(kept_of(rows));
  }
  std::ranges::reverse(messages);
  return messages;
}

Result<std::vector<ChannelId>> Archive::spoken_in_since(Wall since) {
  SLUICE_TRY_VALUE(
      sqlite::Statement rows,
      database_.query("SELECT DISTINCT channel_id FROM messages INDEXED BY messages_by_time WHERE at_ms >= ?",
                      since.time_since_epoch().count()));
  std::vector<ChannelId> channels;
  for (;;) {
    SLUICE_TRY_VALUE(const bool there_is_one, rows.step());
    if (!there_is_one) return channels;
    channels.emplace_back(rows.integer(0));
  }
}

// Ids of messages without a key have another version, 7: see message_id.hpp.
Result<std::vector<Keyed>> Archive::keyed_since(Wall since, std::size_t most) {
  SLUICE_TRY_VALUE(
      sqlite::Statement rows,
      database_.query("SELECT id, origin, seq, at_ms FROM messages INDEXED BY messages_by_time "
                      "WHERE at_ms >= ? AND substr(id, 15, 1) = '8' ORDER BY at_ms DESC, row DESC LIMIT ?",
                      since.time_since_epoch().count(), static_cast<std::int64_t>(most)));
  std::vector<Keyed> keyed;
  for (;;) {
    SLUICE_TRY_VALUE(const bool there_is_one, rows.step());
    if (!there_is_one) break;
    keyed.push_back(
        {rows.text(0),
         {rows.text(1), static_cast<std::uint64_t>(rows.integer(2)), Wall(milliseconds(rows.integer(3)))}});
  }
  std::ranges::reverse(keyed);
  return keyed;
}

Result<std::optional<Kept>> Archive::find(ChannelId channel, std::string_view id) {
  SLUICE_TRY_VALUE(sqlite::Statement rows,
                   select_kept(database_, "id = ? AND channel_id = ?", id, channel.value()));
  SLUICE_TRY_VALUE(const bool found, rows.step());
  return found ? std::optional(kept_of(rows)) : std::nullopt;
}

// When somebody spoke last matters within a visit alone, whose messages are still there.
Result<std::vector<Spoke>> Archive::speakers(ChannelId channel, Wall now) {
  SLUICE_TRY_VALUE(
      sqlite::Statement rows,
      database_.query(
          "SELECT s.user_id, s.first_ms, coalesce(m.last_ms, s.first_ms), m.more FROM speakers s "
          "LEFT JOIN (SELECT user_id, max(at_ms) AS last_ms, more FROM messages WHERE channel_id = ?1 "
          "AND at_ms > ?2 GROUP BY user_id) m ON m.user_id = s.user_id WHERE s.channel_id = ?1",
          channel.value(), (now - chat::between_visits).time_since_epoch().count()));
  std::vector<Spoke> speakers;
  for (;;) {
    SLUICE_TRY_VALUE(const bool there_is_one, rows.step());
    if (!there_is_one) return speakers;
    Message last;
    if (!rows.null(3)) read_more(rows.text(3), last);
    speakers.push_back(
        {UserId(rows.integer(0)),
         {Wall(milliseconds(rows.integer(1))), Wall(milliseconds(rows.integer(2))), last.returning}});
  }
}

Result<> Archive::take_off(const TakenOff& taken) {
  const std::int64_t at = taken.at.time_since_epoch().count();
  SLUICE_TRY_VALUE(sqlite::Transaction transaction, sqlite::Transaction::begin(database_));
  const std::string mark =
      "UPDATE messages SET taken_off_ms = ? WHERE channel_id = ? AND taken_off_ms IS NULL AND ";
  if (!taken.message.empty()) {
    SLUICE_TRY(database_.run(mark + "id = ?", at, taken.channel.value(), taken.message));
  } else if (taken.author.value() != 0) {
    SLUICE_TRY(database_.run(mark + "at_ms <= ? AND user_id = ?", at, taken.channel.value(), at,
                             taken.author.value()));
  } else {
    SLUICE_TRY(database_.run(mark + "at_ms <= ?", at, taken.channel.value(), at));
  }
  SLUICE_TRY(set_cursor(taken.cursor));
  return transaction.commit();
}

Result<> Archive::set_cursor(std::int64_t cursor) {
  return database_.run("UPDATE cursors SET value = max(value, ?) WHERE name = ?", cursor, cursor_);
}

Result<> Archive::name_cursor(const std::string& node) {
  std::string name = "taken_off/" + node;
  SLUICE_TRY(database_.run(
      "INSERT OR IGNORE INTO cursors SELECT ?, value FROM cursors WHERE name = 'taken_off'", name));
  cursor_ = std::move(name);
  return {};
}

Result<std::int64_t> Archive::cursor() {
  SLUICE_TRY_VALUE(auto rows, database_.query("SELECT value FROM cursors WHERE name = ?", cursor_));
  SLUICE_TRY(rows.step());
  return rows.integer(0);
}

Result<bool> Archive::holds(const std::string& message) {
  SLUICE_TRY_VALUE(auto rows, database_.query("SELECT 1 FROM messages WHERE id = ?", message));
  return rows.step();
}

Result<std::int64_t> Archive::node() {
  SLUICE_TRY(database_.run("INSERT OR IGNORE INTO cursors VALUES ('node', random() & 0x7fffffffffffffff)"));
  SLUICE_TRY_VALUE(auto rows, database_.query("SELECT value FROM cursors WHERE name = 'node'"));
  SLUICE_TRY(rows.step());
  return rows.integer(0);
}

Result<chat::Seen> Archive::heads(ChannelId channel, std::size_t most) {
  SLUICE_TRY_VALUE(
      sqlite::Statement rows,
      database_.query(
          "SELECT origin, last_seq FROM origins WHERE channel_id = ? ORDER BY last_ms DESC LIMIT ?",
          channel.value(), static_cast<std::int64_t>(most)));
  chat::Seen heads;
  for (;;) {
    SLUICE_TRY_VALUE(const bool there_is_one, rows.step());
    if (!there_is_one) return heads;
    heads.emplace(rows.text(0), static_cast<std::uint64_t>(rows.integer(1)));
  }
}

Result<bool> Archive::forget_before(Wall at, std::size_t most) {
  const std::int64_t ms = at.time_since_epoch().count();
  SLUICE_TRY(
      database_.run("DELETE FROM messages WHERE row IN (SELECT row FROM messages WHERE at_ms < ? LIMIT ?)",
                    ms, static_cast<std::int64_t>(most)));
  if (database_.changes() == static_cast<std::int64_t>(most)) return true;
  SLUICE_TRY_VALUE(const bool more, forget_blocked(database_, at, most));
  if (more) return true;
  SLUICE_TRY(database_.run("DELETE FROM origins WHERE last_ms < ?", ms));
  return false;
}

}  // namespace sluice::chatlog
