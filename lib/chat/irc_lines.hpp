#pragma once
// The server's lines of the Twitch dialect, as chat-and-events-wire.md lists them: each call appends whole
// lines to `out`.
#include <span>
#include <string>
#include <string_view>

#include "chat/line.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

// Where lines come from and how they are marked.
struct IrcStyle {
  std::string_view host = "tmi.twitch.tv";
  bool tags = false;
};

// What a PRIVMSG of it says, by which CLEARMSG names it, too: with "@Name " before a reply, as /me's CTCP.
std::string as_said(const Message& message);
void write_privmsg(std::string& out, const IrcStyle& style, const Message& message);
void write_join(std::string& out, const IrcStyle& style, std::string_view login, std::string_view channel);
void write_part(std::string& out, const IrcStyle& style, std::string_view login, std::string_view channel);
// 353 and 366; `logins` begins with the reader's own.
void write_names(std::string& out, const IrcStyle& style, std::string_view reader, std::string_view channel,
                 std::span<const std::string> logins);
// `badges`: those that are of no room; `emote_sets`: EmoteBook::sets_of().
void write_global_user_state(std::string& out, const IrcStyle& style, const User& user,
                             std::span<const Badge> badges, std::string_view emote_sets = "0");
// What a USERSTATE that answers a PRIVMSG says of it.
struct SaidAs {
  std::string_view id;
  std::string_view client_nonce;
};
void write_user_state(std::string& out, const IrcStyle& style, const User& user, const Roles& roles,
                      std::span<const Badge> badges, std::string_view channel, const SaidAs& said = {},
                      std::string_view emote_sets = "0");
void write_room_state(std::string& out, const IrcStyle& style, const Channel& channel,
                      const RoomSettings& settings);
// One setting, by its tag: "slow", "followers-only", …
void write_room_setting(std::string& out, const IrcStyle& style, const Channel& channel, std::string_view tag,
                        const std::string& value);
// Only what differs, each setting in a line of its own (fact 7): clients read of several one only.
void write_room_state_change(std::string& out, const IrcStyle& style, const Channel& channel,
                             const RoomSettings& before, const RoomSettings& after);
void write_notice(std::string& out, const IrcStyle& style, std::string_view channel, std::string_view msg_id,
                  std::string_view text);
// How many messages a busy room's ceiling left out.
void write_sampled_notice(std::string& out, const IrcStyle& style, const Sampled& sampled);
void write_ping(std::string& out, const IrcStyle& style);
void write_reconnect(std::string& out, const IrcStyle& style);

}  // namespace sluice::chat
