#pragma once
// Emotes: words that are pictures in chat. A global one is everybody's; a channel's is its subscribers', from
// a tier on, wherever they chat.
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
  int tier = 0;                       // 1–3: a subscriber's tier, and higher ones; 0 of a global one
  std::array<std::string, 3> images;  // 1x, 2x, 4x: URL or path; may be empty
  Wall created_at;
};

class Emotes {
 public:
  virtual ~Emotes() = default;
  // Errc::exists for a code that is taken; Errc::conflict where the tier has as many as it may
  // (platform::tiers()); Errc::not_found for the channel; Errc::invalid for another tier, code or place.
  // Audited as emote.add, emits emote.add.
  virtual Result<Emote> add(Emote emote, const Actor& actor) = 0;
  // Errc::not_found. Audited as emote.remove, emits emote.remove.
  virtual Result<Emote> remove(ChannelId channel, std::string_view code, const Actor& actor) = 0;
  virtual Result<std::vector<Emote>> list() = 0;  // all: global ones first, by channel and code
  // Also those that were removed: what was said with them stays.
  virtual Result<Emote> by_id(EmoteId id) = 0;                  // Errc::not_found
  virtual Result<std::vector<std::string>> image_places() = 0;  // each once
};

}  // namespace sluice::store
