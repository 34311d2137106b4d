#pragma once
// Emotes: which words of a text are emotes, by code point (as the dialect counts). Which ones a user has: the
// global ones are everybody's, a channel's are its broadcaster's and its subscribers', or theirs who have
// cheered there with enough bits, and any may be granted to a user; all in every room.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/cheerers.hpp"
#include "chat/subscribers.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

// Who writes, and where.
struct EmoteUser {
  UserId user;
  ChannelId room;                                // 0: in none
  std::span<const Support> supports;             // by channel
  const Cheerers::ByChannel* cheered = nullptr;  // null: nowhere
  std::int64_t less = 0;                         // of the bits in `room`, those that do not count
  std::span<const EmoteId> granted{};            // ascending
};

class EmoteBook {
 public:
  struct Emote {
    EmoteId id;
    ChannelId channel;          // 0: global
    UserId owner;               // the channel's broadcaster
    int tier = 0;               // that a subscriber needs
    std::int64_t bits = 0;      // else: that one has cheered with in the channel
    bool granted_only = false;  // neither: theirs alone who are granted it
  };
  void add(std::string_view code, Emote emote);
  void remove(std::string_view code, ChannelId channel);
  bool empty() const { return emotes_.empty(); }
  std::uint64_t changes() const { return changes_; }

  // Whole words between spaces, case-sensitive, in order. Of several that a word may stand for: the global
  // one, then the room's own, then the oldest channel's. `utf8` is valid.
  std::vector<EmoteUse> find(std::string_view utf8, const EmoteUser& user) const;

  // The emote-sets tag: "0,11,12,34": the global ones, those of each tier of each channel that is supported,
  // and a set for each emote that was granted or cheered for.
  std::string sets_of(const EmoteUser& user) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  const Emote* usable(std::string_view code, const EmoteUser& user) const;
  void forget_for_bits(const Emote& emote);

  std::unordered_map<std::string, std::vector<Emote>, Hash, std::equal_to<>>
      emotes_;  // by code, then channel
  struct ForBits {
    std::int64_t bits;
    EmoteId id;
  };
  std::unordered_map<ChannelId, std::vector<ForBits>> for_bits_;
  std::uint64_t changes_ = 0;
};

// Nothing but emotes and spaces: what emote-only mode lets through.
bool only_emotes(std::string_view utf8, const std::vector<EmoteUse>& uses);

}  // namespace sluice::chat
