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

  // `less`: of the bits that the user has cheered with in the room, those that do not count yet.
  std::vector<EmoteUse> emotes_in(std::string_view utf8, UserId user, ChannelId room,
                                  std::int64_t less = 0) const {
    EmoteUser who = whose(user, room);
    who.less = less;
    return emotes.find(utf8, who);
  }
  std::string emote_sets_of(UserId user) const { return emotes.sets_of(whose(user, {})); }
  // Grows whenever somebody may have come by an emote, or have lost one.
  std::uint64_t emote_changes() const {
    return subscribers.changes() + cheerers.changes() + emotes.changes() + grants.changes();
  }

 private:
  EmoteUser whose(UserId user, ChannelId room) const {
    return {.user = user,
            .room = room,
            .supports = subscribers.of(user),
            .cheered = cheerers.of(user),
            .granted = grants.of(user)};
  }
};

}  // namespace sluice::chat
