#pragma once
// Emotes: which words of a text are emotes, by code point (as the dialect counts). Which ones a user has: the
// global ones are everybody's, a channel's are its broadcaster's and its subscribers', in every room.
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/subscribers.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

// Who writes, and where.
struct EmoteUser {
  UserId user;
  ChannelId room;  // 0: in none
  std::span<const Support> supports;
};

class EmoteBook {
 public:
  struct Emote {
    std::string id;
    ChannelId channel;  // 0: global
    UserId owner;       // the channel's broadcaster
    int tier = 0;       // that a subscriber needs
  };
  void add(std::string_view code, Emote emote);
  void remove(std::string_view code, ChannelId channel);
  bool empty() const { return emotes_.empty(); }

  // Whole words between spaces, case-sensitive, in order. Of several that a word may stand for: the global
  // one, then the room's own, then the oldest channel's. `utf8` is valid.
  std::vector<EmoteUse> find(std::string_view utf8, const EmoteUser& user) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  const Emote* usable(std::string_view code, const EmoteUser& user) const;

  std::unordered_map<std::string, std::vector<Emote>, Hash, std::equal_to<>>
      emotes_;  // by code, then channel
};

// The emote-sets tag: "0,11,12": the global ones, and those of each tier of each channel that is supported.
std::string emote_sets(std::span<const Support> supports);
std::string emote_set(ChannelId channel, int tier);

// Nothing but emotes and spaces: what emote-only mode lets through.
bool only_emotes(std::string_view utf8, const std::vector<EmoteUse>& uses);

}  // namespace sluice::chat
