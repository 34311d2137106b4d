#pragma once
// Subscriptions: who supports a channel, with which plan, and until when. Each is for one month; nothing
// renews itself. Months count on over pauses, a streak over pauses of up to streak_grace.
//
// A call that takes a key is done once for it, however often it is made, also after a kill: the key and what
// came of it stand in the transaction of the change. A key that was another request's is Errc::conflict. An
// empty key promises nothing. What fails keeps no key.
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "platform/tiers.hpp"
#include "store/audit.hpp"

namespace sluice::store {

inline constexpr std::chrono::days streak_grace{30};
inline constexpr std::size_t longest_key = 200;  // bytes

// So many of a channel's first subscribers that paid for themselves are its founders, for ever; nobody takes
// the place of who lets go.
inline constexpr std::int64_t most_founders = 10;

using GiftId = Id<struct GiftIdTag, std::int64_t>;

struct Subscription {
  ChannelId channel;
  std::string channel_name;
  UserId user;
  std::string user_name;
  std::string user_display_name;
  platform::Plan plan = platform::Plan::tier1;
  Wall since;  // of this run: renewed, but never let go
  Wall expires_at;
  std::int64_t months = 0;  // of all runs together
  std::int64_t streak = 0;
  bool shared = false;   // the room has been told of this month
  GiftId gift;           // 0: paid for by the user
  bool ended = false;    // let go, and told as such
  bool founder = false;  // among the channel's first most_founders who paid for themselves

  bool active(Wall now) const { return !ended && expires_at > now; }
};

struct Subscribed {
  Subscription subscription;
  bool repeated = false;  // the key's earlier result
};

struct Gift {
  GiftId id;
  std::vector<Subscription> subscriptions;  // that came of it
  std::int64_t total = 0;                   // that the giver ever gave in the channel
  bool repeated = false;
};

struct GiftOrder {
  ChannelId channel;
  UserId gifter;
  bool anonymous = false;  // the giver's name is kept, and not told
  platform::Plan plan = platform::Plan::tier1;
  std::vector<UserId> recipients;  // or…
  std::size_t count = 0;           // …so many of the channel's followers, as chance has it
};

class Subscriptions {
 public:
  virtual ~Subscriptions() = default;
  // All of the following: Errc::not_found for the channel or a user; Errc::invalid for the broadcaster, or a
  // key that is too long. Each is audited as subscription.create, .renew, .gift, .cancel.

  // Errc::exists for who is subscribed. Emits channel.subscribe.
  virtual Result<Subscribed> subscribe(ChannelId channel, UserId user, platform::Plan plan,
                                       const Actor& actor, std::string_view key) = 0;
  // One month more, of the same plan or another. Errc::conflict for who is not subscribed. Emits
  // channel.subscription.renew.
  virtual Result<Subscribed> renew(ChannelId channel, UserId user, platform::Plan plan, const Actor& actor,
                                   std::string_view key) = 0;
  // All or nothing. Errc::exists where a recipient is subscribed, Errc::conflict where there are fewer
  // followers than asked for who could be given one, Errc::invalid for none, for more than
  // platform::most_gifts, for one twice, or for a gift to oneself. Emits channel.subscription.gift and a
  // channel.subscribe for each.
  virtual Result<Gift> gift(const GiftOrder& order, const Actor& actor, std::string_view key) = 0;
  // Ends at once. Errc::conflict for who is not subscribed. Emits channel.subscription.end.
  virtual Result<Subscription> cancel(ChannelId channel, UserId user, std::string_view reason,
                                      const Actor& actor) = 0;

  // Tells the room of this month, with up to 500 characters: once a month. Errc::conflict for who has told it
  // already, or is not subscribed. Emits channel.subscription.message. Not audited.
  virtual Result<Subscription> share(ChannelId channel, UserId user, std::string_view text,
                                     bool with_streak) = 0;
  // Tells (channel.subscription.end) of those that have expired, at most `limit`; how many there were. Safe
  // for several nodes to call.
  virtual Result<std::size_t> end_lapsed(std::size_t limit) = 0;

  // Past ones, too; nothing where there never was one.
  virtual Result<std::optional<Subscription>> find(ChannelId channel, UserId user) = 0;
  // Active ones, by channel and user, beyond these (0: from the first).
  virtual Result<std::vector<Subscription>> all(ChannelId channel, UserId user, std::size_t limit) = 0;
  virtual Result<std::vector<Subscription>> of_channel(ChannelId channel, UserId after,
                                                       std::size_t limit) = 0;
  virtual Result<std::int64_t> count(ChannelId channel) = 0;  // active ones
};

}  // namespace sluice::store
