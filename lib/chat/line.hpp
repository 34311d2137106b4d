#pragma once
// Line: something a room tells its members, before it is rendered for their wires.
#include <cstdint>
#include <string>
#include <variant>

#include "chat/types.hpp"
#include "chat/user_notice.hpp"
#include "chat/wire.hpp"

namespace sluice::chat {

struct Presence {
  std::string channel;
  std::uint64_t viewers = 0;
};
struct Arrival {  // IRC membership
  std::string channel;
  std::string login;
};
struct Departure {
  std::string channel;
  std::string login;
};
struct SettingsChange {
  Channel channel;
  RoomSettings before, after;
};
struct TitleChange {  // pages
  std::string channel;
  std::string title;
};
struct LiveChange {  // pages: the channel went live, or offline
  std::string channel;
  bool live = false;
};

// A user was banned, or timed out: what the user said is taken off the screens.
struct UserCleared {
  Channel channel;
  User user;
  std::optional<seconds> duration;  // none: for ever
  Wall at;
};
struct Cleared {  // all that was said is taken off the screens
  Channel channel;
  Wall at;
};
struct MessageRemoved {
  Channel channel;
  std::string id, login, text;
  Wall at;
};

using MemberNumber = std::uint64_t;  // of a connection in a room; 0: nobody

struct Skipped {  // pages: what another node said from `first` to `last` is not to be had
  std::string channel;
  std::string origin;
  std::uint64_t first = 0, last = 0;
};

struct Sampled {  // of a busy room's messages in the last second (see Ceiling)
  std::string channel;
  std::uint64_t told = 0;  // to everybody
  std::uint64_t left_out =
      0;  // told to those alone who see everything, and to their authors; 0: pages are not told
  std::uint64_t noticed_told = 0,
                noticed_left_out = 0;  // the same since IRC was told last; 0: it is not told now
};

struct Line {
  std::variant<MessagePtr, Presence, Arrival, Departure, SettingsChange, TitleChange, LiveChange, UserCleared,
               Cleared, MessageRemoved, UserNoticePtr, Skipped, Sampled>
      what;
  MemberNumber from = 0;   // the connection that caused it: IRC does not echo to it
  bool for_pages = false;  // IRC is not told
  enum class Whom : std::uint8_t {
    everybody,
    all_seeing,  // a message that the ceiling leaves out: for who sees everything, and for its author
    reading,     // for those who do not see everything
  } whom = Whom::everybody;

  UserId author() const {  // of a message; 0: it is none
    const MessagePtr* message = std::get_if<MessagePtr>(&what);
    return message == nullptr ? UserId() : (*message)->author.id;
  }
};

// Appends the line as `wire` wants it: IRC lines with CR LF, or one JSON object. Nothing for what the wire
// does not carry.
void render(std::string& out, const Line& line, const Wire& wire, std::string_view host);

}  // namespace sluice::chat
