#pragma once
// What people are to channels beside moderating them, on SQLite: each class is defined in the file of its
// theme (sqlite_follows.cpp …).
#include "store/sqlite_core.hpp"
#include "store/store.hpp"

namespace sluice::store {

class SqliteFollows final : public Follows {
 public:
  explicit SqliteFollows(SqliteCore& core) : core_(core) {}
  Result<bool> follow(ChannelId channel, UserId user) override;
  Result<bool> unfollow(ChannelId channel, UserId user) override;
  Result<std::optional<Wall>> since(ChannelId channel, UserId user) override;
  Result<std::vector<Follow>> of_channel(ChannelId channel, const std::optional<FollowPlace>& behind,
                                         std::size_t limit) override;
  Result<std::vector<Follow>> of_user(UserId user) override;
  Result<std::int64_t> count(ChannelId channel) override;

 private:
  SqliteCore& core_;
};

class SqliteSubscriptions final : public Subscriptions {
 public:
  explicit SqliteSubscriptions(SqliteCore& core) : core_(core) {}
  Result<Subscribed> subscribe(ChannelId channel, UserId user, platform::Plan plan, const Actor& actor,
                               std::string_view key) override;
  Result<Subscribed> renew(ChannelId channel, UserId user, platform::Plan plan, const Actor& actor,
                           std::string_view key) override;
  Result<Gift> gift(const GiftOrder& order, const Actor& actor, std::string_view key) override;
  Result<Subscription> cancel(ChannelId channel, UserId user, std::string_view reason,
                              const Actor& actor) override;
  Result<Subscription> share(ChannelId channel, UserId user, std::string_view text,
                             bool with_streak) override;
  Result<std::size_t> end_lapsed(std::size_t limit) override;
  Result<std::optional<Subscription>> find(ChannelId channel, UserId user) override;
  Result<std::vector<Subscription>> all(ChannelId channel, UserId user, std::size_t limit) override;
  Result<std::vector<Subscription>> of_channel(ChannelId channel, UserId after, std::size_t limit) override;
  Result<std::int64_t> count(ChannelId channel) override;

 private:
  SqliteCore& core_;
};

class SqliteEmotes final : public Emotes {
 public:
  explicit SqliteEmotes(SqliteCore& core) : core_(core) {}
  Result<Emote> add(Emote emote, const Actor& actor) override;
  Result<Emote> remove(ChannelId channel, std::string_view code, const Actor& actor) override;
  Result<std::vector<Emote>> list() override;
  Result<Emote> by_id(EmoteId id) override;
  Result<std::vector<std::string>> image_places() override;
  Result<bool> grant(ChannelId channel, std::string_view code, UserId user, const Actor& actor) override;
  Result<bool> revoke(ChannelId channel, std::string_view code, UserId user, const Actor& actor) override;
  Result<std::vector<EmoteGrant>> grants(EmoteId emote, UserId user, std::size_t limit) override;
  Result<std::vector<EmoteGrant>> grants_of(UserId user) override;

 private:
  SqliteCore& core_;
};

class SqliteBits final : public Bits {
 public:
  explicit SqliteBits(SqliteCore& core) : core_(core) {}
  Result<Granted> grant(UserId user, std::int64_t bits, std::string_view reason, const Actor& actor,
                        std::string_view key) override;
  Result<std::optional<std::int64_t>> balance(UserId user) override;
  Result<Cheered> cheer(const CheerOrder& order, const Actor& actor, std::string_view key) override;
  Result<Cheer> by_message(std::string_view message_id) override;
  Result<bool> claim(std::string_view message_id, std::string_view node) override;
  Result<bool> give_back(std::string_view message_id, std::string_view reason, const Actor& actor) override;
  Result<std::vector<Cheerer>> all(ChannelId channel, UserId user, std::size_t limit) override;
  Result<std::vector<Cheerer>> of_channel(ChannelId channel, std::size_t limit) override;
  Result<std::int64_t> total(ChannelId channel, UserId user) override;

 private:
  SqliteCore& core_;
};

}  // namespace sluice::store
