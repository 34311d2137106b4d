#pragma once
// Bits: what users have of them, and what they cheered with. A cheer is a message of a room: which node says
// it, and whether it has, stands beside the payment, so that no kill between the two loses or repeats one.
//
// Keys as subscriptions have them (subscriptions.hpp): once for each, in the transaction of the change.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "platform/bits.hpp"
#include "store/audit.hpp"

namespace sluice::store {

// Reserved: taken off the balance while moderators look at the message, and told to nobody.
enum class CheerState { reserved, paid, returned };
std::string_view name(CheerState state);

inline constexpr std::string_view held_queue_says =
    "-";  // as Cheer::node: it is said when a moderator allows it

struct Cheer {
  std::string message_id;
  ChannelId channel;
  std::string channel_name;
  UserId user;
  std::string user_name;
  std::string user_display_name;
  std::string user_color;
  std::int64_t bits = 0;
  bool anonymous = false;  // who cheers is kept, and not told
  std::string text;
  std::string whole;  // all that chat needs to say it, of a message that passed all of its checks; or empty
  std::string node;   // which says it; empty: none has taken it yet
  CheerState state = CheerState::paid;
  Wall at;
};

struct CheerOrder {
  ChannelId channel;
  UserId user;
  std::string text;  // which has the cheer words
  bool anonymous = false;
  std::string message_id{};  // empty: the store makes one
  std::string whole{};
  std::string node{};
};

struct Cheered {
  Cheer cheer;
  std::int64_t total = 0;    // that the user has cheered with in the channel, what was anonymous left out
  std::int64_t balance = 0;  // that is left
  bool repeated = false;     // the key's, or the message's, earlier result
};

struct Granted {
  UserId user;
  std::int64_t bits = 0, balance = 0;
  bool repeated = false;
};

struct Cheerer {
  ChannelId channel;
  UserId user;
  std::string user_name;
  std::string user_display_name;
  std::int64_t bits = 0;
};

class Bits {
 public:
  virtual ~Bits() = default;
  // Errc::invalid unless it is 1 to platform::most_granted; Errc::not_found for the user. Audited as
  // bits.grant.
  virtual Result<Granted> grant(UserId user, std::int64_t bits, std::string_view reason, const Actor& actor,
                                std::string_view key) = 0;
  // Nothing for who never had any. Errc::not_found for the user.
  virtual Result<std::optional<std::int64_t>> balance(UserId user) = 0;

  // Errc::not_found for the channel or user; Errc::invalid for the broadcaster, a text without cheer words,
  // with more than platform::most_bits, or that is too long or empty; Errc::denied for who is banned or timed
  // out there; Errc::conflict for who has too few. Audited as bits.cheer; emits channel.cheer. A message_id
  // that is known is answered as it was before.
  virtual Result<Cheered> cheer(const CheerOrder& order, const Actor& actor, std::string_view key) = 0;
  virtual Result<Cheer> by_message(std::string_view message_id) = 0;  // Errc::not_found
  // True for one node, which says the message: that which asked first, also when it asks again.
  virtual Result<bool> claim(std::string_view message_id, std::string_view node) = 0;
  // Of a message that is not said after all: true when this gave the bits back, and not one before. Audited
  // as bits.return; emits channel.cheer.return. Errc::not_found for the message.
  virtual Result<bool> give_back(std::string_view message_id, std::string_view reason,
                                 const Actor& actor) = 0;

  // What was not anonymous, by channel and user, beyond these (0: from the first).
  virtual Result<std::vector<Cheerer>> all(ChannelId channel, UserId user, std::size_t limit) = 0;
  virtual Result<std::vector<Cheerer>> of_channel(ChannelId channel,
                                                  std::size_t limit) = 0;  // most bits first
  virtual Result<std::int64_t> total(ChannelId channel, UserId user) = 0;
};

}  // namespace sluice::store
