// A step: with what marks users were seen, and who is flagged for it.
#include "store/sqlite_schema.hpp"

namespace sluice::store {

std::string_view evasion_step() {
  return R"sql(
ALTER TABLE rooms ADD COLUMN ban_evasion TEXT NOT NULL DEFAULT 'flag'
  CHECK (ban_evasion IN ('off', 'flag', 'hold'));

CREATE TABLE mark_key (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  key  TEXT NOT NULL
) STRICT;

CREATE TABLE marks (
  channel_id  INTEGER NOT NULL REFERENCES channels(id),
  mark        TEXT NOT NULL,
  user_id     INTEGER NOT NULL REFERENCES users(id),
  seen_ms     INTEGER NOT NULL,
  PRIMARY KEY (channel_id, mark, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX marks_by_age ON marks(seen_ms);

-- Those that were cleared, or whose ban was lifted, stay.
CREATE TABLE evasions (
  channel_id       INTEGER NOT NULL REFERENCES channels(id),
  user_id          INTEGER NOT NULL REFERENCES users(id),
  banned_id        INTEGER NOT NULL REFERENCES users(id),
  matched          TEXT NOT NULL CHECK (matched IN ('address', 'fingerprint')),
  likely           INTEGER NOT NULL,
  at_ms            INTEGER NOT NULL,
  audit_id         INTEGER NOT NULL,
  cleared_ms       INTEGER,
  cleared_id       INTEGER,
  cleared_name     TEXT NOT NULL DEFAULT '',
  cleared_address  TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;
)sql";
}

}  // namespace sluice::store
