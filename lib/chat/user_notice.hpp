#pragma once
// UserNotice: what a room is told of a supporter or a raid. It comes of one event of the log, on every node
// alike, and is no message: it has no number, and who joins later is not shown it,
// unless it comes back.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/types.hpp"
#include "platform/tiers.hpp"

namespace sluice::chat {

struct IrcStyle;

struct UserNotice {
  enum class Kind {
    sub,
    resub,         // of who has subscribed before, or has renewed and tells of it
    sub_gift,      // one, to one
    mystery_gift,  // several, to whom chance has it: a sub_gift of each follows
    raid,
  };
  Kind kind = Kind::sub;
  std::string id;  // the same on every node
  Wall at;
  Channel channel;
  User user;  // who subscribed, gave, or raids; id 0: somebody who gave anonymously
  Roles roles;
  std::vector<Badge> badges;
  std::string text;  // what the user says with it
  std::vector<EmoteUse> emotes;

  platform::Plan plan = platform::Plan::tier1;
  std::int64_t months = 0;             // of all time; of a gift, the recipient's
  std::optional<std::int64_t> streak;  // told only where the user wants it
  User recipient;
  std::string gift;                   // its id, which all notices of it have
  bool community = false;             // the gift was one of a mystery_gift
  std::optional<std::int64_t> total;  // that the giver ever gave here
  std::int64_t count = 0;             // of gifts, or of raiders
};
using UserNoticePtr = std::shared_ptr<const UserNotice>;

std::string_view name(UserNotice::Kind kind);          // the dialect's msg-id: "sub", "submysterygift"
std::string system_message(const UserNotice& notice);  // what happened, in a sentence

void write_user_notice(std::string& out, const IrcStyle& style, const UserNotice& notice);  // USERNOTICE
void write_user_notice_object(std::string& out, const UserNotice& notice);                  // sluice-chat(5)

}  // namespace sluice::chat
