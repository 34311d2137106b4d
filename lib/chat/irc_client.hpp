#pragma once
// IrcClient: one connection that speaks the Twitch dialect, over TCP or WebSocket: irc::Session's commands
// carried out in the rooms.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/client.hpp"
#include "chat/irc_lines.hpp"
#include "irc/session.hpp"

namespace sluice::chat {

class IrcClient final : public Client, public std::enable_shared_from_this<IrcClient> {
 public:
  // The outlet owns the client and outlives it.
  IrcClient(Hall& hall, Outlet& outlet);

  void receive(ByteView bytes) override;
  void keep_alive() override;
  void restart(seconds within) override;
  bool known() const override { return session_.registered(); }
  void fall_behind() override;
  void refuse_token() override;
  bool hears_whispers() const override { return session_.capabilities().commands; }
  void hear(const Whisper& whisper) override;
  Origin origin() const override { return {outlet_.address(), {}}; }
  void give_up_waiting() override;

 private:
  void take(std::vector<irc::Command> commands);
  void carry_on();
  void answered();
  void carry_out(irc::Login login);
  void carry_out(irc::Join join);
  void carry_out(irc::Part part);
  void carry_out(irc::Say say);
  void carry_out(irc::Quit quit);
  void logged_in(Result<Identity> identity);
  void refuse_login(std::string_view words, Farewell farewell);
  void enter(const Channel& channel);
  void write_states(const Room& room);
  void say_in(Room& room, const irc::Say& say);
  void told(const Room& room, const std::string& channel, const std::string& nonce, const Outcome& outcome);
  Moderation::Answer answer_in(const std::string& channel);
  void personal_command(const std::string& channel, std::string_view line);
  void command_in(Room& room, const std::string& channel, std::string_view line);
  void leave(Farewell farewell, std::string_view why);
  void notice(std::string_view channel, std::string_view msg_id, std::string_view text);
  void send();
  const People& people() const { return hall_.rooms.people(); }
  const std::string& emote_sets();
  IrcStyle style() const { return {session_.host(), session_.capabilities().tags}; }
  Wire wire() const;

  Hall& hall_;
  Outlet& outlet_;
  irc::Session session_;
  std::string out_;  // lines for this connection, sent at the end of each turn
  bool may_write_ = false;
  bool closed_ = false;
  bool waiting_ = false;   // for the directory; what comes meanwhile waits too, so that commands act in order
  bool carrying_ = false;  // carry_on() is at work
  std::vector<irc::Command> held_;
  std::size_t held_at_ = 0;  // how many of held_ are carried out
  std::string emote_sets_;
  std::optional<std::uint64_t> emote_sets_at_;  // of which People::emote_changes() they are
  Memberships memberships_;                     // which borrow user_
};

}  // namespace sluice::chat
