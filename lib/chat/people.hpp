#pragma once
// What a node knows of all the platform's people, whichever rooms are open.
#include "chat/cheerers.hpp"
#include "chat/emotes.hpp"
#include "chat/subscribers.hpp"

namespace sluice::chat {

struct People {
  Subscribers subscribers;
  Cheerers cheerers;
  EmoteBook emotes;

  std::vector<EmoteUse> emotes_in(std::string_view utf8, UserId user, ChannelId room) const {
    return emotes.find(utf8, {user, room, subscribers.of(user)});
  }
  std::string emote_sets_of(UserId user) const { return emote_sets(subscribers.of(user)); }
};

}  // namespace sluice::chat
