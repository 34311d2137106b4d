// The third step: what moderation must not forget.
#include "store/sqlite_schema.hpp"

namespace sluice::store {

std::string_view moderation_step() {
  // audit.format says which fields an entry's hash covers (audit.hpp): 1 for those that are there already.
  return R"sql(
ALTER TABLE audit ADD COLUMN format INTEGER NOT NULL DEFAULT 1;
ALTER TABLE audit ADD COLUMN channel_id INTEGER;
ALTER TABLE audit ADD COLUMN channel_name TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN target_id INTEGER;
ALTER TABLE audit ADD COLUMN context TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_of_channel ON audit(channel_id, id) WHERE channel_id IS NOT NULL;
CREATE INDEX audit_of_actor ON audit(actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_of_target ON audit(target_id, id) WHERE target_id IS NOT NULL;

CREATE TABLE audit_head (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  entry_id  INTEGER NOT NULL,
  hash      TEXT NOT NULL
) STRICT;
INSERT INTO audit_head
  SELECT 1, coalesce(max(id), 0), coalesce((SELECT hash FROM audit ORDER BY id DESC LIMIT 1), '') FROM audit;
CREATE TRIGGER audit_head_only_grows BEFORE UPDATE ON audit_head WHEN NEW.entry_id <> OLD.entry_id + 1
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE roles (
  channel_id  INTEGER NOT NULL REFERENCES channels(id),
  user_id     INTEGER NOT NULL REFERENCES users(id),
  role        TEXT NOT NULL CHECK (role IN ('moderator', 'vip')),
  since_ms    INTEGER NOT NULL,
  PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX roles_of_user ON roles(user_id, channel_id);

CREATE TABLE bans (
  channel_id  INTEGER NOT NULL REFERENCES channels(id),
  user_id     INTEGER NOT NULL REFERENCES users(id),
  until_ms    INTEGER,
  reason      TEXT NOT NULL,
  by_id       INTEGER,
  by_name     TEXT NOT NULL,
  by_address  TEXT NOT NULL,
  at_ms       INTEGER NOT NULL,
  audit_id    INTEGER NOT NULL,
  PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bans_by_expiry ON bans(until_ms) WHERE until_ms IS NOT NULL;

CREATE TABLE rooms (
  channel_id           INTEGER PRIMARY KEY REFERENCES channels(id),
  emote_only           INTEGER NOT NULL,
  followers_only       INTEGER NOT NULL,
  unique_chat          INTEGER NOT NULL,
  slow                 INTEGER NOT NULL,
  subs_only            INTEGER NOT NULL,
  automod_level        INTEGER NOT NULL,
  automod_at_deadline  TEXT NOT NULL CHECK (automod_at_deadline IN ('hold', 'allow'))
) STRICT;

CREATE TABLE held_messages (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  id            TEXT NOT NULL UNIQUE,
  channel_id    INTEGER NOT NULL REFERENCES channels(id),
  user_id       INTEGER NOT NULL REFERENCES users(id),
  text          TEXT NOT NULL,
  whole         TEXT NOT NULL,
  reason        TEXT NOT NULL CHECK (reason IN ('automod', 'blocked_term')),
  category      TEXT NOT NULL,
  level         INTEGER NOT NULL,
  boundaries    TEXT NOT NULL,
  held_ms       INTEGER NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('held', 'allowed', 'denied', 'expired')),
  by_id         INTEGER,
  by_name       TEXT NOT NULL DEFAULT '',
  by_address    TEXT NOT NULL DEFAULT '',
  decided_ms    INTEGER
) STRICT;
CREATE INDEX held_in_channel ON held_messages(channel_id, number) WHERE state = 'held';
CREATE INDEX held_by_age ON held_messages(held_ms) WHERE state = 'held';

CREATE TABLE word_lists (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  name        TEXT NOT NULL,
  owner_id    INTEGER NOT NULL REFERENCES users(id),
  version     INTEGER NOT NULL,
  created_ms  INTEGER NOT NULL,
  removed_ms  INTEGER
) STRICT;
CREATE UNIQUE INDEX word_list_names ON word_lists(name) WHERE removed_ms IS NULL;

CREATE TABLE word_entries (
  list_id  INTEGER NOT NULL REFERENCES word_lists(id),
  kind     TEXT NOT NULL CHECK (kind IN ('phrase', 'pattern')),
  text     TEXT NOT NULL,
  action   TEXT NOT NULL CHECK (action IN ('block', 'hold', 'allow')),
  PRIMARY KEY (list_id, kind, text)
) STRICT, WITHOUT ROWID;

-- What a channel has left stays, so that the version of its rules only grows.
CREATE TABLE word_subscriptions (
  channel_id  INTEGER NOT NULL REFERENCES channels(id),
  list_id     INTEGER NOT NULL REFERENCES word_lists(id),
  active      INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  PRIMARY KEY (channel_id, list_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX word_subscribers ON word_subscriptions(list_id, channel_id) WHERE active;

-- The number of the newest change of any list or subscription.
CREATE TABLE word_changes (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  version  INTEGER NOT NULL
) STRICT;
INSERT INTO word_changes VALUES (1, 0);

CREATE TABLE notes (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  channel_id       INTEGER NOT NULL REFERENCES channels(id),
  user_id          INTEGER NOT NULL REFERENCES users(id),
  text             TEXT NOT NULL,
  by_id            INTEGER,
  by_name          TEXT NOT NULL,
  by_address       TEXT NOT NULL,
  at_ms            INTEGER NOT NULL,
  remover_id       INTEGER,
  remover_name     TEXT NOT NULL DEFAULT '',
  remover_address  TEXT NOT NULL DEFAULT '',
  removed_ms       INTEGER
) STRICT;
CREATE INDEX notes_of_user ON notes(channel_id, user_id, id);
)sql";
}

}  // namespace sluice::store
