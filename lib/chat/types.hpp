#pragma once
// What chat is about: people and their roles, messages, a room's settings.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "platform/bits.hpp"
#include "platform/premium.hpp"
#include "platform/room_settings.hpp"

namespace sluice::chat {

using TokenId = Id<struct TokenIdTag, std::int64_t>;
using EmoteId = Id<struct EmoteIdTag, std::int64_t>;

struct User {
  UserId id;          // 0: an anonymous reader
  std::string login;  // lower-case
  std::string name;   // as its owner writes it
  std::string color;  // "#RRGGBB", or empty
  bool bot = false;   // verified
};

// What a user is in one room.
struct Roles {
  bool broadcaster = false;
  bool moderator = false;
  bool vip = false;
  bool subscriber = false;
  int tier = 0;             // of the subscription: 1–3
  std::int64_t months = 0;  // that the user ever subscribed
  bool founder = false;     // a subscriber: among the channel's first
  std::int64_t bits = 0;    // that the user ever cheered with here
  bool bot = false;         // verified: limits of its own
  platform::Premium premium = platform::Premium::none;
  bool moderates() const { return broadcaster || moderator; }
  bool exempt() const { return moderates() || vip; }  // from the room's modes and the narrower limits
};

struct Badge {
  std::string set;      // "broadcaster", "moderator", "subscriber", "founder", "bits", "turbo", "premium"
  std::string version;  // "1"; a subscriber's step of months; a step of bits
  std::string info{};   // a subscriber's or founder's months; empty: none
};

// An emote in a text: inclusive positions counted in code points.
struct EmoteUse {
  std::string id;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

using platform::RoomSettings;

struct Channel {
  ChannelId id;
  std::string name;
  UserId broadcaster;
  std::string broadcaster_login{};
};

struct Reply {
  std::string id;  // of the message replied to
  User author;
  std::string text;
  std::string
      thread;  // id of the message that the whole thread answers: `id`, or what that one's thread began with
  User thread_author;
};

struct Message {
  std::string id;         // message_id(): the same for the same room, user and idempotency key
  std::string origin;     // the run of the node that numbered it
  std::uint64_t seq = 0;  // 1, 2, 3… within room and origin
  ChannelId channel;
  std::string channel_name;
  Wall at;
  // Greater than that of every message its node had heard when it was said, else milliseconds as `at`: the
  // order of a room's messages on all nodes, then by origin. Clocks that differ do not matter.
  std::int64_t order = 0;
  User author;
  Roles roles;
  std::vector<Badge> badges;
  std::vector<EmoteUse> emotes;  // by position
  std::string text;              // UTF-8, one line, 1–500 code points, without "/me "
  bool action = false;           // /me
  std::string announcement;      // the color of one: "PRIMARY", "BLUE", …; empty: an ordinary message
  bool first = false;            // its author never spoke in this room before
  bool returning = false;        // its author is new here and comes back (Speakers)
  std::int64_t bits = 0;         // that it cheers with; 0: it is no cheer
  bool anonymous =
      false;  // a cheer whose author is not told: once it is said, `author` is anonymous_cheerer()
  std::string client_nonce;  // an IRC client's, echoed
  std::optional<Reply> reply;
  std::string address;  // of its author's connection, for the audit log; empty once it is said
};
inline User anonymous_cheerer() {
  return {
      {}, std::string(platform::anonymous_cheerer_login), std::string(platform::anonymous_cheerer_name), {}};
}
using MessagePtr = std::shared_ptr<const Message>;

}  // namespace sluice::chat
