#pragma once
// Emotes: words that are pictures in chat. A global one is everybody's; a channel's is its subscribers', from
// a tier on, or theirs who have cheered there with enough bits, wherever they chat. Besides, single users are
// granted emotes that they would not have, and some are for them alone.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/audit.hpp"

namespace sluice::store {

using EmoteId = Id<struct EmoteIdTag, std::int64_t>;

struct Emote {
  EmoteId id;                         // given by add(); never used again
  ChannelId channel;                  // 0: global
  std::string channel_name;           // empty: global
  UserId owner;                       // the channel's broadcaster, who has all of its emotes
  std::string code;                   // unique in the channel, or among the global ones
  int tier = 0;                       // 1–3: a subscriber's tier, and higher ones; 0: not for subscribing
  std::int64_t bits = 0;              // that one has cheered with in the channel; 0: not for bits
  bool granted_only = false;          // neither: theirs alone who are granted it
  std::array<std::string, 3> images;  // 1x, 2x, 4x: URL or path; may be empty
  Wall created_at;
};
std::string_view kind(const Emote& emote);  // "global", "subscription", "bits", "granted"

struct EmoteGrant {
  EmoteId emote;
  std::string code;
  ChannelId channel;         // 0: global
  std::string channel_name;  // empty: global
  UserId user;
  std::string user_name;
  std::string user_display_name;
  Wall since;
};

class Emotes {
 public:
  virtual ~Emotes() = default;
  // Errc::exists for a code that is taken; Errc::conflict where the tier has as many as it may
  // (platform::tiers()); Errc::not_found for the channel; Errc::invalid for another tier, number of bits,
  // code or place, and for a channel's with none of tier, bits and granted_only, or several. Audited as
  // emote.add, emits emote.add.
  virtual Result<Emote> add(Emote emote, const Actor& actor) = 0;
  // Nobody is granted it then. Errc::not_found. Audited as emote.remove, with how many were granted it; emits
  // emote.remove.
  virtual Result<Emote> remove(ChannelId channel, std::string_view code, const Actor& actor) = 0;
  virtual Result<std::vector<Emote>> list() = 0;  // all: global ones first, by channel and code
  // Also those that were removed: what was said with them stays.
  virtual Result<Emote> by_id(EmoteId id) = 0;                  // Errc::not_found
  virtual Result<std::vector<std::string>> image_places() = 0;  // each once

  // To a user, whatever the user's subscriptions and bits. True when something changed: it is audited then
  // (emote.grant, emote.revoke) and emits the event of that name. Errc::not_found for the emote or the user;
  // Errc::invalid for who has it anyway: everybody's, or the broadcaster's own.
  virtual Result<bool> grant(ChannelId channel, std::string_view code, UserId user, const Actor& actor) = 0;
  virtual Result<bool> revoke(ChannelId channel, std::string_view code, UserId user, const Actor& actor) = 0;
  // By emote and user, beyond these (0: from the first).
  virtual Result<std::vector<EmoteGrant>> grants(EmoteId emote, UserId user, std::size_t limit) = 0;
  virtual Result<std::vector<EmoteGrant>> grants_of(UserId user) = 0;  // by emote
};

}  // namespace sluice::store
