#pragma once
// What a node knows of all the platform's people, whichever rooms are open.
#include "chat/cheerers.hpp"
#include "chat/emote_grants.hpp"
#include "chat/emotes.hpp"
#include "chat/premiums.hpp"
#include "chat/subscribers.hpp"

namespace sluice::chat {

struct People {
  Subscribers subscribers;
  Cheerers cheerers;
  EmoteBook emotes;
  EmoteGrants grants;
  Premiums premiums;

  std::vector<EmoteUse> emotes_in(std::string_view utf8, UserId user, ChannelId room) const {
    return emotes.find(utf8, whose(user, room));
  }
  std::string emote_sets_of(UserId user) const { return emotes.sets_of(whose(user, {})); }

 private:
  EmoteUser whose(UserId user, ChannelId room) const {
    return {user, room, subscribers.of(user), cheerers.of(user), grants.of(user)};
  }
};

}  // namespace sluice::chat
