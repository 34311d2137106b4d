#pragma once
// What moderation keeps, on SQLite: each class is defined in the file of its theme (sqlite_roles.cpp …).
#include "store/sqlite_core.hpp"
#include "store/store.hpp"

namespace sluice::store {

class SqliteRoles final : public Roles {
 public:
  explicit SqliteRoles(SqliteCore& core) : core_(core) {}
  Result<bool> grant(ChannelId channel, UserId user, Role role, const Actor& actor,
                     std::string_view reason) override;
  Result<bool> revoke(ChannelId channel, UserId user, Role role, const Actor& actor,
                      std::string_view reason) override;
  Result<std::optional<Role>> of(ChannelId channel, UserId user) override;
  Result<std::vector<RoleHolder>> of_channel(ChannelId channel) override;
  Result<std::vector<RoleHolder>> of_user(UserId user) override;

 private:
  SqliteCore& core_;
};

class SqliteBans final : public Bans {
 public:
  explicit SqliteBans(SqliteCore& core) : core_(core) {}
  Result<Ban> ban(ChannelId channel, UserId user, std::optional<seconds> duration, std::string_view reason,
                  const Actor& actor, std::string_view context) override;
  Result<Ban> lift(ChannelId channel, UserId user, std::string_view reason, const Actor& actor) override;
  Result<std::optional<Ban>> find(ChannelId channel, UserId user) override;
  Result<std::vector<Ban>> of_channel(ChannelId channel, UserId after, std::size_t limit) override;

 private:
  SqliteCore& core_;
};

class SqliteRooms final : public Rooms {
 public:
  explicit SqliteRooms(SqliteCore& core) : core_(core) {}
  Result<platform::RoomSettings> settings(ChannelId channel) override;
  Result<platform::AutomodSettings> automod(ChannelId channel) override;
  Result<SettingsChange<platform::RoomSettings>> change(ChannelId channel,
                                                        const platform::RoomSettingsPatch& patch,
                                                        const Actor& actor) override;
  Result<platform::EvasionSettings> evasion(ChannelId channel) override;
  Result<SettingsChange<platform::AutomodSettings>> change(ChannelId channel,
                                                           const platform::AutomodPatch& patch,
                                                           const Actor& actor) override;
  Result<SettingsChange<platform::EvasionSettings>> change(ChannelId channel,
                                                           const platform::EvasionPatch& patch,
                                                           const Actor& actor) override;

 private:
  SqliteCore& core_;
};

class SqliteDeletions final : public Deletions {
 public:
  explicit SqliteDeletions(SqliteCore& core) : core_(core) {}
  Result<AuditEntry> delete_message(ChannelId channel, std::string_view message_id, UserId author,
                                    std::string_view reason, const Actor& actor,
                                    std::string_view context) override;
  Result<AuditEntry> clear(ChannelId channel, std::string_view reason, const Actor& actor,
                           std::string_view context) override;

 private:
  SqliteCore& core_;
};

class SqliteHeldMessages final : public HeldMessages {
 public:
  explicit SqliteHeldMessages(SqliteCore& core) : core_(core) {}
  std::vector<Result<HeldMessage>> hold_all(std::vector<HeldMessage> messages) override;
  Result<HeldMessage> decide(std::string_view id, HeldVerdict verdict, std::string_view reason,
                             const Actor& actor) override;
  Result<HeldMessage> by_id(std::string_view id) override;
  Result<std::vector<HeldMessage>> queue(ChannelId channel, std::int64_t after, std::size_t limit) override;
  Result<std::vector<HeldMessage>> of_channel(ChannelId channel, UserId user, Wall from, Wall until,
                                              std::int64_t after, std::size_t limit) override;
  Result<std::size_t> expire(Wall held_until) override;
  Result<std::size_t> forget(Wall held_before) override;

 private:
  SqliteCore& core_;
};

class SqliteWordLists final : public WordLists {
 public:
  explicit SqliteWordLists(SqliteCore& core) : core_(core) {}
  Result<WordList> add(std::string_view name, UserId owner, const Actor& actor) override;
  Result<> remove(WordListId id, const Actor& actor) override;
  Result<WordList> by_name(std::string_view name) override;
  Result<std::vector<WordList>> list() override;
  Result<std::vector<WordEntry>> entries(WordListId id) override;
  Result<WordListChange> change(WordListId id, const WordListPatch& patch, const Actor& actor) override;
  Result<bool> subscribe(ChannelId channel, WordListId list, const Actor& actor) override;
  Result<bool> unsubscribe(ChannelId channel, WordListId list, const Actor& actor) override;
  Result<std::vector<WordList>> of_channel(ChannelId channel) override;
  Result<WordListChange> change_terms(ChannelId channel, const WordListPatch& patch,
                                      const Actor& actor) override;
  Result<std::vector<WordEntry>> terms(ChannelId channel) override;
  Result<WordRules> rules_for(ChannelId channel) override;

 private:
  SqliteCore& core_;
};

class SqliteEvasions final : public Evasions {
 public:
  explicit SqliteEvasions(SqliteCore& core) : core_(core) {}
  Result<std::string> key() override;
  Result<> saw(std::span<const Sighting> sightings) override;
  Result<std::optional<Evasion>> look(const Sighting& sighting, Wall since) override;
  Result<std::optional<Evasion>> find(ChannelId channel, UserId user) override;
  Result<std::vector<Evasion>> of_channel(ChannelId channel, bool all, UserId after,
                                          std::size_t limit) override;
  Result<Evasion> clear(ChannelId channel, UserId user, std::string_view reason, const Actor& actor) override;
  Result<> forget_before(Wall at) override;

 private:
  SqliteCore& core_;
};

class SqliteNotes final : public Notes {
 public:
  explicit SqliteNotes(SqliteCore& core) : core_(core) {}
  Result<Note> add(ChannelId channel, UserId user, std::string_view text, const Actor& actor) override;
  Result<Note> remove(ChannelId channel, NoteId id, const Actor& actor) override;
  Result<std::vector<Note>> about(ChannelId channel, UserId user, NotesShown shown) override;

 private:
  SqliteCore& core_;
};

}  // namespace sluice::store
