#pragma once
// The store's interfaces on SQLite: each class is defined in the file of its theme (sqlite_users.cpp …).
#include <string>
#include <unordered_map>

#include "store/acts.hpp"
#include "store/sqlite_core.hpp"
#include "store/sqlite_moderation.hpp"
#include "store/sqlite_people.hpp"
#include "store/store.hpp"

namespace sluice::store {

class SqliteUsers final : public Users {
 public:
  explicit SqliteUsers(SqliteCore& core) : core_(core) {}
  Result<User> add(std::string_view name, std::string_view display_name) override;
  Result<User> by_name(std::string_view name) override;
  Result<User> by_id(UserId id) override;
  Result<std::vector<User>> list() override;
  Result<User> set_color(UserId id, std::string_view color) override;
  Result<bool> set_bot(UserId id, bool bot, const Actor& actor) override;
  Result<bool> set_premium(UserId id, platform::Premium premium, const Actor& actor) override;
  Result<std::vector<User>> with_premium(UserId after, std::size_t limit) override;

 private:
  Result<> read_looks(sqlite::Database& db);

  SqliteCore& core_;
  // How everybody's names look, as far as they have been read; under the core's lock.
  std::unordered_map<std::string, std::string> looks_;  // → the user's name
  UserId looks_of_{};                                   // the last user whose names are there
};

class SqliteChannels final : public Channels {
 public:
  explicit SqliteChannels(SqliteCore& core) : core_(core) {}
  Result<Channel> add(std::string_view name, UserId owner, std::string_view title) override;
  Result<Channel> by_name(std::string_view name) override;
  Result<Channel> by_id(ChannelId id) override;
  Result<std::vector<Channel>> list() override;
  Result<Channel> set_title(ChannelId id, std::string_view title,
                            std::optional<std::int64_t> version) override;

 private:
  SqliteCore& core_;
};

class SqliteCredentials final : public Credentials {
 public:
  explicit SqliteCredentials(SqliteCore& core) : core_(core) {}
  Result<std::string> rotate_key(ChannelId channel, const Actor& actor) override;
  Result<Channel> channel_by_key(std::string_view key) override;
  Result<> set_srt_passphrase(ChannelId channel, std::string_view passphrase, const Actor& actor) override;
  Result<std::string> srt_passphrase(ChannelId channel) override;
  Result<IssuedToken> issue_token(UserId user, platform::Scopes scopes, std::optional<Wall> expires_at,
                                  const Actor& actor) override;
  Result<Token> revoke_token(TokenId id, const Actor& actor) override;
  Result<Token> revoke_token(std::string_view secret, const Actor& actor) override;
  Result<std::vector<Token>> tokens(UserId user) override;
  Result<Bearer> bearer(std::string_view token_secret) override;
  Result<Ticket> issue_ticket(std::string_view token_secret) override;
  Result<Bearer> swap_ticket(std::string_view ticket_secret) override;

 private:
  SqliteCore& core_;
};

class SqliteStreams final : public Streams {
 public:
  explicit SqliteStreams(SqliteCore& core) : core_(core) {}
  Result<Stream> begin(ChannelId channel, std::string_view lock_owner) override;
  Result<Transition> go_live(StreamId id) override;
  Result<Transition> go_offline(StreamId id) override;
  Result<Stream> by_id(StreamId id) override;
  Result<std::vector<Stream>> unended(std::string_view node) override;
  Result<std::vector<Stream>> of_channel(ChannelId channel, std::size_t limit) override;
  Result<std::vector<LiveChannel>> live() override;
  Result<ChannelStatus> status(ChannelId channel) override;
  Result<Stream> set_viewers(StreamId id, std::string_view node, std::int64_t viewers) override;

 private:
  SqliteCore& core_;
};

class SqliteLeases final : public Leases {
 public:
  explicit SqliteLeases(SqliteCore& core) : core_(core) {}
  Result<LeaseGrant> take(std::string_view name, std::string_view owner, std::string_view node,
                          milliseconds lifetime) override;
  Result<Lease> renew(std::string_view name, std::string_view owner, milliseconds lifetime) override;
  Result<bool> release(std::string_view name, std::string_view owner) override;
  Result<Lease> holder(std::string_view name) override;

 private:
  SqliteCore& core_;
};

class SqliteEvents final : public Events {
 public:
  explicit SqliteEvents(SqliteCore& core) : core_(core) {}
  Result<std::vector<Event>> since(Cursor cursor, std::size_t limit) override;
  Result<Cursor> last() override;
  Result<Event> append(std::string_view name, ChannelId channel, std::string_view payload) override;

 private:
  SqliteCore& core_;
};

class SqliteAudit final : public Audit {
 public:
  explicit SqliteAudit(SqliteCore& core) : core_(core) {}
  Result<AuditEntry> append(AuditEntry entry) override;
  Result<AuditEntry> by_id(std::int64_t id) override;
  Result<std::vector<AuditEntry>> since(std::int64_t id, std::size_t limit) override;
  Result<std::vector<AuditEntry>> find(const AuditFilter& filter, AuditOrder order, std::int64_t id,
                                       std::size_t limit) override;
  Result<AuditHead> head() override;
  Result<std::vector<AuditFault>> damage() override;

 private:
  SqliteCore& core_;
};

class SqliteIdempotency final : public Idempotency {
 public:
  explicit SqliteIdempotency(SqliteCore& core) : core_(core) {}
  Result<Kept> keep(std::string_view key, std::string_view result, milliseconds lifetime) override;
  Result<std::optional<std::string>> find(std::string_view key) override;

 private:
  SqliteCore& core_;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(sqlite::Database db, Clock& clock, Random& random)
      : core_(std::move(db), clock, random, on_events) {}
  Users& users() override { return users_; }
  Channels& channels() override { return channels_; }
  Credentials& credentials() override { return credentials_; }
  Streams& streams() override { return streams_; }
  Leases& leases() override { return leases_; }
  Events& events() override { return events_; }
  Audit& audit() override { return audit_; }
  Idempotency& idempotency() override { return idempotency_; }
  Roles& roles() override { return roles_; }
  Bans& bans() override { return bans_; }
  Rooms& rooms() override { return rooms_; }
  Deletions& deletions() override { return deletions_; }
  HeldMessages& held_messages() override { return held_messages_; }
  WordLists& word_lists() override { return word_lists_; }
  Notes& notes() override { return notes_; }
  Follows& follows() override { return follows_; }
  Subscriptions& subscriptions() override { return subscriptions_; }
  Emotes& emotes() override { return emotes_; }
  Evasions& evasions() override { return evasions_; }
  Bits& bits() override { return bits_; }
  Result<> check() override;

 private:
  SqliteCore core_;
  SqliteUsers users_{core_};
  SqliteChannels channels_{core_};
  SqliteCredentials credentials_{core_};
  SqliteStreams streams_{core_};
  SqliteLeases leases_{core_};
  SqliteEvents events_{core_};
  SqliteAudit audit_{core_};
  SqliteIdempotency idempotency_{core_};
  SqliteRoles roles_{core_};
  SqliteBans bans_{core_};
  SqliteRooms rooms_{core_};
  SqliteDeletions deletions_{core_};
  SqliteHeldMessages held_messages_{core_};
  SqliteWordLists word_lists_{core_};
  SqliteNotes notes_{core_};
  SqliteFollows follows_{core_};
  SqliteSubscriptions subscriptions_{core_};
  SqliteEmotes emotes_{core_};
  SqliteEvasions evasions_{core_};
  SqliteBits bits_{core_};
};

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, Clock& clock, Random& random);

// Within somebody else's transaction or read.
Result<User> user_by_id(sqlite::Database& db, UserId id);
Result<User> acting_user(sqlite::Database& db, const Actor& actor);  // of id 0 for who is no user
Result<Channel> channel_by_id(sqlite::Database& db, ChannelId id);
Result<AuditEntry> append_audit(Change& change, AuditEntry entry);
Actor actor_at(const sqlite::Statement& row, int column);  // of id (0: no user), name and address

}  // namespace sluice::store
