#include "store/sqlite_schema.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "store/sqlite_core.hpp"

namespace sluice::store {

namespace {
// Times are milliseconds since 1970, UTC. Hashes are lower-case hex SHA-256.
constexpr std::string_view first_step = R"sql(
CREATE TABLE users (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT NOT NULL UNIQUE,
  display_name  TEXT NOT NULL,
  created_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE channels (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  name               TEXT NOT NULL UNIQUE,
  owner_id           INTEGER NOT NULL REFERENCES users(id),
  title              TEXT NOT NULL,
  version            INTEGER NOT NULL DEFAULT 1,
  current_stream_id  TEXT REFERENCES streams(id),
  created_ms         INTEGER NOT NULL
) STRICT;
CREATE INDEX channels_of_owner ON channels(owner_id);
CREATE INDEX channels_live ON channels(current_stream_id) WHERE current_stream_id IS NOT NULL;

CREATE TABLE stream_keys (
  channel_id  INTEGER PRIMARY KEY REFERENCES channels(id),
  key_hash    TEXT NOT NULL UNIQUE,
  created_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id      INTEGER NOT NULL REFERENCES users(id),
  secret_hash  TEXT NOT NULL UNIQUE,
  scopes       TEXT NOT NULL,
  created_ms   INTEGER NOT NULL,
  expires_ms   INTEGER,
  revoked_ms   INTEGER
) STRICT;
CREATE INDEX tokens_of_user ON tokens(user_id);

CREATE TABLE tickets (
  secret_hash  TEXT PRIMARY KEY,
  token_id     INTEGER NOT NULL REFERENCES tokens(id),
  expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_by_expiry ON tickets(expires_ms);

CREATE TABLE streams (
  id            TEXT PRIMARY KEY,
  channel_id    INTEGER NOT NULL REFERENCES channels(id),
  node          TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('starting', 'live', 'ended')),
  title         TEXT NOT NULL,
  started_ms    INTEGER NOT NULL,
  live_ms       INTEGER,
  ended_ms      INTEGER,
  peak_viewers  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX streams_unended ON streams(channel_id) WHERE state <> 'ended';
CREATE INDEX streams_of_channel ON streams(channel_id, id);

CREATE TABLE viewer_counts (
  stream_id    TEXT NOT NULL REFERENCES streams(id),
  node         TEXT NOT NULL,
  viewers      INTEGER NOT NULL CHECK (viewers >= 0),
  reported_ms  INTEGER NOT NULL,
  PRIMARY KEY (stream_id, node)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
  name        TEXT PRIMARY KEY,
  owner       TEXT NOT NULL,
  node        TEXT NOT NULL,
  expires_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  cursor      INTEGER PRIMARY KEY AUTOINCREMENT,
  name        TEXT NOT NULL,
  channel_id  INTEGER,
  at_ms       INTEGER NOT NULL,
  payload     TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
  id             INTEGER PRIMARY KEY,
  at_ms          INTEGER NOT NULL,
  actor_id       INTEGER,
  actor_name     TEXT NOT NULL,
  actor_address  TEXT NOT NULL,
  action         TEXT NOT NULL,
  target         TEXT NOT NULL,
  reason         TEXT NOT NULL,
  expires_ms     INTEGER,
  hash           TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_never_edited BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE idempotency (
  key         TEXT PRIMARY KEY,
  result      TEXT NOT NULL,
  expires_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency(expires_ms);
)sql";

// In clear: SRT's key derivation needs the phrase itself on both sides (libsrt's SRTO_PASSPHRASE), so no hash
// would do.
constexpr std::string_view second_step = R"sql(
CREATE TABLE srt_passphrases (
  channel_id  INTEGER PRIMARY KEY REFERENCES channels(id),
  passphrase  TEXT NOT NULL,
  created_ms  INTEGER NOT NULL
) STRICT;
)sql";

// What was held in a channel at a time, and what is old enough to be forgotten. Numbers of new stores: 1 is
// "true" to tmi.js; channels that do not have their owner's have nobody's.
constexpr std::string_view seventh_step = R"sql(
INSERT INTO sqlite_sequence SELECT 'users', 1000 WHERE NOT EXISTS (SELECT 1 FROM users);
INSERT INTO sqlite_sequence SELECT 'channels', 1000000 WHERE NOT EXISTS (SELECT 1 FROM channels);
CREATE INDEX held_at_time ON held_messages(channel_id, held_ms);
CREATE INDEX held_and_decided ON held_messages(held_ms) WHERE state <> 'held';
)sql";

// A row that replaces another is neither updated nor deleted where triggers are concerned.
constexpr std::string_view ninth_step = R"sql(
CREATE TRIGGER audit_is_never_replaced BEFORE INSERT ON audit
WHEN NEW.id <= (SELECT entry_id FROM audit_head)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
)sql";

const std::array steps{first_step,  second_step,  moderation_step(), people_step(), evasion_step(),
                       bits_step(), seventh_step, emote_step(),      ninth_step};
}  // namespace

int newest_schema() {
  return static_cast<int>(steps.size());
}

Result<int> schema_of(sqlite::Database& db) {
  SLUICE_TRY_VALUE(auto tables, db.query("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'"));
  SLUICE_TRY_VALUE(bool made, tables.step());
  if (!made) return 0;
  return first(
      db.query("SELECT coalesce(max(version), 0) FROM schema_version"),
      [](auto& row) { return static_cast<int>(row.integer(0)); }, "");
}

Result<> migrate(sqlite::Database& db, Wall now) {
  for (;;) {
    // Read again in each transaction: another process may have taken this step meanwhile.
    SLUICE_TRY_VALUE(sqlite::Transaction transaction, sqlite::Transaction::begin(db));
    SLUICE_TRY(
        db.run_script("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, "
                      "applied_ms INTEGER NOT NULL) STRICT"));
    SLUICE_TRY_VALUE(int version, schema_of(db));
    if (version > newest_schema())
      return fail(
          Errc::config,
          fmt::format("the store has schema {}, this program knows up to {}", version, newest_schema()),
          "use the Sluice that migrated it, or a newer one");
    if (version == newest_schema()) return {};
    SLUICE_TRY(db.run_script(steps[version]));
    SLUICE_TRY(db.run("INSERT INTO schema_version VALUES (?, ?)", version + 1, to_ms(now)));
    SLUICE_TRY(transaction.commit());
  }
}

}  // namespace sluice::store
