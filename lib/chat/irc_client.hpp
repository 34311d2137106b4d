#pragma once
// IrcClient: one connection that speaks the Twitch dialect, over TCP or WebSocket: irc::Session's commands
// carried out in the rooms.
#include <memory>
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

 private:
  void carry_out(std::vector<irc::Command> commands);
  void carry_out(irc::Login login);
  void carry_out(irc::Join join);
  void carry_out(irc::Part part);
  void carry_out(irc::Say say);
  void carry_out(irc::Quit quit);
  void logged_in(Result<Identity> identity);
  void enter(const Channel& channel);
  void say_in(Room& room, const irc::Say& say);
  void notice(std::string_view channel, std::string_view msg_id, std::string_view text);
  void send();
  IrcStyle style() const { return {session_.host(), session_.capabilities().tags}; }
  Wire wire() const;

  Hall& hall_;
  Outlet& outlet_;
  irc::Session session_;
  std::string out_;  // lines for this connection, sent at the end of each turn
  User user_;
  bool may_write_ = false;
  bool closed_ = false;
  Window joins_;
  Memberships memberships_;  // after user_, which they borrow
};

}  // namespace sluice::chat
