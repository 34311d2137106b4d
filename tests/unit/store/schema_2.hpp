#pragma once
// A store as Sluice left it at schema 2, dumped with sqlite3(1): two users, a channel, a key and a token, and
// the four audit entries that came of them.
#include <string_view>

namespace sluice::store {

inline constexpr std::string_view schema_2 = R"sql(
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_ms INTEGER NOT NULL) STRICT;
INSERT INTO schema_version VALUES(1,1700000000000);
INSERT INTO schema_version VALUES(2,1700000000000);
CREATE TABLE users (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT NOT NULL UNIQUE,
  display_name  TEXT NOT NULL,
  created_ms    INTEGER NOT NULL
) STRICT;
INSERT INTO users VALUES(1,'alice','Alice',1700000000000);
INSERT INTO users VALUES(2,'bob','bob',1700000000000);
CREATE TABLE channels (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  name               TEXT NOT NULL UNIQUE,
  owner_id           INTEGER NOT NULL REFERENCES users(id),
  title              TEXT NOT NULL,
  version            INTEGER NOT NULL DEFAULT 1,
  current_stream_id  TEXT REFERENCES streams(id),
  created_ms         INTEGER NOT NULL
) STRICT;
INSERT INTO channels VALUES(1,'demo',1,'First light',1,NULL,1700000000000);
CREATE TABLE stream_keys (
  channel_id  INTEGER PRIMARY KEY REFERENCES channels(id),
  key_hash    TEXT NOT NULL UNIQUE,
  created_ms  INTEGER NOT NULL
) STRICT;
INSERT INTO stream_keys VALUES(1,'3261a136d8efd3a65ff197a108675ea7e69200c31a56da228e068fa13d0dbb0d',1700000001000);
CREATE TABLE tokens (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id      INTEGER NOT NULL REFERENCES users(id),
  secret_hash  TEXT NOT NULL UNIQUE,
  scopes       TEXT NOT NULL,
  created_ms   INTEGER NOT NULL,
  expires_ms   INTEGER,
  revoked_ms   INTEGER
) STRICT;
INSERT INTO tokens VALUES(1,2,'6b6a49bce1f3bd8ac75291c13ad87792468d9e1d3f32e56de26fca937452d512','chat:read',1700000002000,1700003602000,1700000003000);
CREATE TABLE tickets (
  secret_hash  TEXT PRIMARY KEY,
  token_id     INTEGER NOT NULL REFERENCES tokens(id),
  expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
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
INSERT INTO events VALUES(1,'channel.create',1,1700000000000,'{"broadcaster_user_id":"1","broadcaster_user_login":"alice","broadcaster_user_name":"Alice","channel":"demo","title":"First light","version":1}');
INSERT INTO events VALUES(2,'stream_key.regenerate',1,1700000001000,'{"channel":"demo"}');
INSERT INTO events VALUES(3,'token.revoke',NULL,1700000003000,'{"scopes":"chat:read","token_id":"1","user_id":"2"}');
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
INSERT INTO audit VALUES(1,1700000001000,NULL,'unix:root','local','stream_key.regenerate','channel:demo','',NULL,'29c61053d55b40460d29b382979c240cf5f6d8271675dcbcf5121b3f494f0e78');
INSERT INTO audit VALUES(2,1700000002000,1,'alice','192.0.2.7','token.issue','token:1','chat:read',1700003602000,'57faf6081885002f5f238c55f1e596184fea9451004302585ab23528bbecae6d');
INSERT INTO audit VALUES(3,1700000003000,NULL,'unix:root','local','token.revoke','token:1','',NULL,'7f0e14196440a968efff7c9986ff379062900cfdfa73f55a3630f1ac467d35c1');
INSERT INTO audit VALUES(4,1700000003000,2,'bob','2001:db8::7','test.act','user:alice','"héllo", he said',NULL,'8e91d2df7c592d00ec564226077914481a3c91564d771a67b8162969505e2514');
CREATE TABLE idempotency (
  key         TEXT PRIMARY KEY,
  result      TEXT NOT NULL,
  expires_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE srt_passphrases (
  channel_id  INTEGER PRIMARY KEY REFERENCES channels(id),
  passphrase  TEXT NOT NULL,
  created_ms  INTEGER NOT NULL
) STRICT;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('users',2);
INSERT INTO sqlite_sequence VALUES('channels',1);
INSERT INTO sqlite_sequence VALUES('events',3);
INSERT INTO sqlite_sequence VALUES('tokens',1);
CREATE INDEX channels_of_owner ON channels(owner_id);
CREATE INDEX channels_live ON channels(current_stream_id) WHERE current_stream_id IS NOT NULL;
CREATE INDEX tokens_of_user ON tokens(user_id);
CREATE INDEX tickets_by_expiry ON tickets(expires_ms);
CREATE UNIQUE INDEX streams_unended ON streams(channel_id) WHERE state <> 'ended';
CREATE INDEX streams_of_channel ON streams(channel_id, id);
CREATE TRIGGER audit_is_never_edited BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE INDEX idempotency_by_expiry ON idempotency(expires_ms);
COMMIT;
)sql";

}  // namespace sluice::store
