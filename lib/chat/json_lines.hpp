#pragma once
// chatd's objects of the JSON protocol (sluice-chat(5)): each call appends one object to `out`.
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "chat/error_code.hpp"
#include "chat/history.hpp"
#include "chat/line.hpp"
#include "chat/removals.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

void write_message(std::string& out, const Message& message);
void write_presence(std::string& out, const Presence& presence);
void write_settings(std::string& out, std::string_view channel, const RoomSettings& settings);
void write_title(std::string& out, const TitleChange& change);
void write_live(std::string& out, const LiveChange& change);
void write_gap(std::string& out, const Skipped& skipped);
void write_sampled(std::string& out, const Sampled& sampled);

void write_hello(std::string& out, std::string_view origin, std::size_t rooms, std::size_t frame_bytes);
void write_authenticated(std::string& out, const User& user);

struct JoinedAnswer {
  Channel channel;
  std::string_view origin;
  std::uint64_t seq = 0;  // of the room's last message
  Wall at;                // now
  Seen cursor;            // of every origin
  std::uint64_t viewers = 0;
  RoomSettings settings;
  const User* you = nullptr;  // none: an anonymous reader
  Roles roles;
  std::vector<Badge> badges;
  bool gap = false;
  std::vector<std::string> history;    // messages as JSON, oldest first
  std::vector<UserNoticePtr> notices;  // that it missed
  TakenOff taken_off;                  // while the page was away
};
void write_joined(std::string& out, const JoinedAnswer& answer);
void write_left(std::string& out, std::string_view channel);

struct Confirmation {
  std::string_view channel, key, id, origin;
  std::uint64_t seq = 0;
  Wall at;
  bool duplicate = false;
};
void write_confirmed(std::string& out, const Confirmation& confirmation);

struct ErrorAnswer {
  ErrorCode code;
  std::string_view text, channel, key, id;  // the last three may be empty; id is of what is held
  std::optional<milliseconds> retry_after;
  std::optional<std::uint32_t> remaining;
};
void write_error(std::string& out, const ErrorAnswer& answer);
// What a slash command came to; `key` is the message's that it was.
struct NoticeAnswer {
  std::string_view channel, key, code, text;
};
void write_notice_object(std::string& out, const NoticeAnswer& answer);
void write_reconnect_object(std::string& out, seconds within);
void write_pong(std::string& out, std::string_view id_json);  // id as it came, empty when absent

}  // namespace sluice::chat
