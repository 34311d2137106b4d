// The fourth step: who follows and subscribes to whom, with what emotes, and how people look in chat.
#include "store/sqlite_schema.hpp"

namespace sluice::store {

std::string_view people_step() {
  return R"sql(
ALTER TABLE users ADD COLUMN color TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN bot INTEGER NOT NULL DEFAULT 0;

CREATE TABLE follows (
  channel_id  INTEGER NOT NULL REFERENCES channels(id),
  user_id     INTEGER NOT NULL REFERENCES users(id),
  since_ms    INTEGER NOT NULL,
  PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX follows_of_user ON follows(user_id, channel_id);
CREATE INDEX follows_by_age ON follows(channel_id, since_ms, user_id);

-- What has ended stays: who comes back goes on counting months.
CREATE TABLE subscriptions (
  channel_id     INTEGER NOT NULL REFERENCES channels(id),
  user_id        INTEGER NOT NULL REFERENCES users(id),
  plan           TEXT NOT NULL CHECK (plan IN ('Prime', '1000', '2000', '3000')),
  since_ms       INTEGER NOT NULL,
  expires_ms     INTEGER NOT NULL,
  months         INTEGER NOT NULL CHECK (months > 0),
  streak         INTEGER NOT NULL CHECK (streak BETWEEN 1 AND months),
  shared_months  INTEGER NOT NULL,
  gift_id        INTEGER REFERENCES gifts(id),
  ended          INTEGER NOT NULL,
  PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriptions_of_user ON subscriptions(user_id, channel_id);
CREATE INDEX subscriptions_by_expiry ON subscriptions(expires_ms) WHERE NOT ended;

CREATE TABLE gifts (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  channel_id  INTEGER NOT NULL REFERENCES channels(id),
  gifter_id   INTEGER NOT NULL REFERENCES users(id),
  anonymous   INTEGER NOT NULL,
  community   INTEGER NOT NULL,
  plan        TEXT NOT NULL,
  count       INTEGER NOT NULL CHECK (count > 0),
  at_ms       INTEGER NOT NULL
) STRICT;
CREATE INDEX gifts_of_gifter ON gifts(gifter_id, channel_id);

-- Those that were removed stay, since messages name them.
CREATE TABLE emotes (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  channel_id  INTEGER REFERENCES channels(id),
  code        TEXT NOT NULL,
  tier        INTEGER NOT NULL CHECK (tier BETWEEN 0 AND 3),
  image_1x    TEXT NOT NULL,
  image_2x    TEXT NOT NULL,
  image_4x    TEXT NOT NULL,
  created_ms  INTEGER NOT NULL,
  removed_ms  INTEGER,
  CHECK ((channel_id IS NULL) = (tier = 0))
) STRICT;
CREATE UNIQUE INDEX emote_codes ON emotes(coalesce(channel_id, 0), code) WHERE removed_ms IS NULL;
)sql";
}

}  // namespace sluice::store
