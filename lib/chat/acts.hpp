#pragma once
// Acts: what moderation asks of the platform. Each is one change of the store, with its entry in the audit
// log and its event; what it does to rooms comes by the event, on every node alike. Answers come later or at
// once, on the asker's thread.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "chat/by.hpp"
#include "chat/held.hpp"
#include "chat/standing.hpp"
#include "chat/types.hpp"
#include "chat/word_acts.hpp"
#include "platform/ban_evasion.hpp"
#include "platform/room_settings.hpp"

namespace sluice::chat {

// An act upon a user.
struct Order {
  ChannelId channel;
  By by;
  std::string login;    // whom
  std::string reason;   // up to 500 code points; may be empty
  std::string context;  // act_context(), or empty
};

struct Removal {
  ChannelId channel;
  By by;
  MessagePtr message;
  std::string reason;
  std::string context;
};

struct ChangedSettings {
  platform::RoomSettings before, after;
};

struct ChangedAutomod {
  platform::AutomodSettings before, after;
};

// All that a room is set to.
struct RoomPolicy {
  platform::RoomSettings modes;
  platform::AutomodSettings automod;
  platform::EvasionSettings evasion;
};

struct Banned {
  std::string login;
  std::optional<Wall> until;  // none: for ever
  std::string reason;
};

struct Noted {
  std::int64_t number = 0;
  std::string by;
  std::string text;
  Wall at;
};

// On a message that was held back.
struct Ruling {
  ChannelId channel;
  By by;
  std::string id;
  bool allow = false;
  std::string reason{};
};

// Who is flagged for what looks like coming back after a ban.
struct Suspect {
  std::string login;
  std::string banned;      // login of who is banned
  std::string evaluation;  // "likely", "possible"
  std::string matched;     // "address", "fingerprint"
};

class Acts : public WordActs {
 public:
  // Of every call: Errc::unavailable, try again. Of those upon a user: Errc::not_found, there is none of that
  // name.

  // No duration: for ever. Banned for ever already: Errc::exists, of a timeout Errc::conflict.
  virtual void ban(Order order, std::optional<seconds> duration, std::function<void(Result<>)> answer) = 0;
  enum class Lifted { nothing, timeout, ban };
  virtual void unban(Order order, std::function<void(Result<Lifted>)> answer) = 0;
  // false: it was so already. Errc::conflict: the other role stands in the way.
  virtual void grant(Order order, Standing::Role role, std::function<void(Result<bool>)> answer) = 0;
  virtual void revoke(Order order, Standing::Role role, std::function<void(Result<bool>)> answer) = 0;
  // Who is under a ban or timeout, at most 100.
  virtual void bans(ChannelId channel, std::function<void(Result<std::vector<Banned>>)> answer) = 0;

  virtual void note(Order order, std::function<void(Result<>)> answer) = 0;  // the reason is the note
  virtual void notes(ChannelId channel, std::string login,
                     std::function<void(Result<std::vector<Noted>>)> answer) = 0;  // newest first
  // Errc::not_found: the channel has no such note.
  virtual void remove_note(ChannelId channel, By by, std::int64_t number,
                           std::function<void(Result<>)> answer) = 0;

  // One that was said in the channel, as long as it is kept, and has not been taken off. Errc::not_found.
  virtual void find_message(ChannelId channel, std::string id,
                            std::function<void(Result<MessagePtr>)> answer) = 0;
  virtual void remove_message(Removal removal, std::function<void(Result<>)> answer) = 0;
  virtual void clear(ChannelId channel, By by, std::string reason, std::string context,
                     std::function<void(Result<>)> answer) = 0;
  // Errc::invalid as platform::apply() says.
  virtual void change_settings(ChannelId channel, By by, platform::RoomSettingsPatch patch,
                               std::function<void(Result<ChangedSettings>)> answer) = 0;
  virtual void change_automod(ChannelId channel, By by, platform::AutomodPatch patch,
                              std::function<void(Result<ChangedAutomod>)> answer) = 0;
  virtual void change_evasion(ChannelId channel, By by, platform::BanEvasion action,
                              std::function<void(Result<>)> answer) = 0;
  virtual void policy(ChannelId channel, std::function<void(Result<RoomPolicy>)> answer) = 0;

  // Errc::not_found: the channel holds no such message. Errc::conflict: it has been decided on, by whom and
  // when. false: it is allowed, and not shown, since its author is banned or timed out.
  virtual void rule(Ruling ruling, std::function<void(Result<bool>)> answer) = 0;
  // Those that wait, oldest first, at most 100.
  virtual void held(const Channel& channel, std::function<void(Result<std::vector<Held>>)> answer) = 0;
  // By name, at most 100.
  virtual void suspects(const Channel& channel, std::function<void(Result<std::vector<Suspect>>)> answer) = 0;
  virtual void clear_suspect(Order order, std::function<void(Result<bool>)> answer) = 0;  // false: is none
  // Of who asks; as platform::name_color() has it. Errc::invalid: it is none.
  virtual void set_color(By by, std::string color, std::function<void(Result<>)> answer) = 0;
};

}  // namespace sluice::chat
