// The sixth step: bits, what was cheered with them, and who founded a channel's subscribers.
#include "store/sqlite_schema.hpp"

namespace sluice::store {

std::string_view bits_step() {
  // Founders of before are told by the event log: the first ten whose month was no gift.
  return R"sql(
ALTER TABLE subscriptions ADD COLUMN founder INTEGER NOT NULL DEFAULT 0;
UPDATE subscriptions SET founder = 1 WHERE (channel_id, user_id) IN (
  SELECT channel_id, user_id FROM (
    SELECT channel_id, user_id, row_number() OVER (PARTITION BY channel_id ORDER BY first) AS place FROM (
      SELECT channel_id, CAST(json_extract(payload, '$.user_id') AS INTEGER) AS user_id, min(cursor) AS first
      FROM events WHERE name IN ('channel.subscribe', 'channel.subscription.renew')
      AND NOT coalesce(json_extract(payload, '$.is_gift'), 0)
      GROUP BY channel_id, json_extract(payload, '$.user_id')))
  WHERE place <= 10);

CREATE TABLE bits_balances (
  user_id  INTEGER PRIMARY KEY REFERENCES users(id),
  bits     INTEGER NOT NULL CHECK (bits >= 0)
) STRICT;

CREATE TABLE cheers (
  message_id  TEXT PRIMARY KEY,
  channel_id  INTEGER NOT NULL REFERENCES channels(id),
  user_id     INTEGER NOT NULL REFERENCES users(id),
  bits        INTEGER NOT NULL CHECK (bits > 0),
  anonymous   INTEGER NOT NULL,
  text        TEXT NOT NULL,
  whole       TEXT NOT NULL,
  node        TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('reserved', 'paid', 'returned')),
  at_ms       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX cheers_of_user ON cheers(user_id, channel_id);

CREATE TABLE cheerers (
  channel_id  INTEGER NOT NULL REFERENCES channels(id),
  user_id     INTEGER NOT NULL REFERENCES users(id),
  bits        INTEGER NOT NULL CHECK (bits >= 0),
  PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX cheerers_by_bits ON cheerers(channel_id, bits);
)sql";
}

}  // namespace sluice::store
