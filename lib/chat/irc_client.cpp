#include "chat/irc_client.hpp"

#include "chat/badges.hpp"

namespace sluice::chat {

namespace {
constexpr std::size_t names_limit = 1000;
constexpr std::size_t nonce_limit = 64;
}  // namespace

IrcClient::IrcClient(Hall& hall, Outlet& outlet)
    : hall_(hall), outlet_(outlet), session_(hall.rooms.host()) {}

void IrcClient::receive(ByteView bytes) {
  if (closed_) return;
  std::vector<irc::Command> commands;
  const Wire before = wire();
  session_.feed(bytes, commands, out_);
  if (outlet_.framed()) session_.end_of_message(commands, out_);
  if (wire() != before) memberships_.set_wire(wire());
  carry_out(std::move(commands));
  send();
}

void IrcClient::keep_alive() {
  write_ping(out_, style());
  send();
}

void IrcClient::restart(seconds) {
  write_reconnect(out_, style());
  send();
}

void IrcClient::fall_behind() {
  notice({}, {}, "You are reading too slowly and have been disconnected.");
  send();
}

void IrcClient::refuse_token() {
  if (closed_) return;
  notice({}, {}, "Login authentication failed");
  carry_out(irc::Quit{"the token is good no longer"});
}

void IrcClient::carry_out(std::vector<irc::Command> commands) {
  for (irc::Command& command : commands) {
    if (closed_) return;
    std::visit([this](auto& what) { carry_out(std::move(what)); }, command);
  }
}

void IrcClient::carry_out(irc::Login login) {
  if (login.anonymous) return logged_in(Identity{User{{}, login.nick, login.nick, {}}, false});
  hall_.directory.find_by_token(std::move(login.token), [weak = weak_from_this()](Result<Identity> identity) {
    if (const auto self = weak.lock(); self && !self->closed_) {
      self->logged_in(std::move(identity));
      self->send();
    }
  });
}

void IrcClient::logged_in(Result<Identity> identity) {
  if (!identity) {
    const bool denied = identity.error().code == Errc::denied;
    session_.refuse(denied ? "Login authentication failed" : "Login unsuccessful", out_);
    return carry_out(irc::Quit{"login refused"});
  }
  user_ = std::move(identity->user);
  may_write_ = identity->may_write;
  credential_ = {identity->token, identity->until};
  std::vector<irc::Command> commands;
  session_.accept(user_.login, commands, out_);
  if (session_.capabilities().commands && user_.id.value() != 0)
    write_global_user_state(out_, style(), user_);
  carry_out(std::move(commands));
}

void IrcClient::carry_out(irc::Join join) {
  if (memberships_.find(join.channel) != nullptr) return;
  if (memberships_.size() >= hall_.limits.rooms)
    return notice(join.channel, {}, "You have joined as many channels as one connection may.");
  if (joins_.take(hall_.limits.joins, hall_.clock.steady()))
    return notice(join.channel, {}, "You are joining channels too quickly.");
  hall_.directory.find_channel(std::move(join.channel), [weak = weak_from_this()](Result<Channel> channel) {
    const auto self = weak.lock();
    if (!self || self->closed_ || !channel) return;  // no such channel: silence
    self->enter(*channel);
    self->send();
  });
}

void IrcClient::enter(const Channel& channel) {
  if (memberships_.find(channel.name) != nullptr) return;
  Room& room = hall_.rooms.open(channel);
  memberships_.join(room, user_, outlet_, wire());

  const bool anonymous = user_.id.value() == 0;
  std::vector<std::string> logins{user_.login};
  if (session_.capabilities().membership) {
    for (std::string& login : room.logins(names_limit))
      if (login != user_.login) logins.push_back(std::move(login));
  }
  write_join(out_, style(), user_.login, channel.name);
  write_names(out_, style(), user_.login, channel.name, logins);
  if (!session_.capabilities().commands) return;
  const Roles roles = room.roles_of(user_);
  if (!anonymous) write_user_state(out_, style(), user_, roles, badges_of(roles), channel.name);
  write_room_state(out_, style(), channel, room.settings());
}

void IrcClient::carry_out(irc::Part part) {
  if (memberships_.leave(part.channel)) write_part(out_, style(), user_.login, part.channel);
}

void IrcClient::carry_out(irc::Say say) {
  if (user_.id.value() == 0 || !may_write_)
    return notice(say.channel, "no_permission", "You don't have permission to perform that action.");
  if (say.client_nonce.size() > nonce_limit) say.client_nonce.clear();
  if (const auto* place = memberships_.find(say.channel)) return say_in(*place->room, say);
  // Speaking without having joined (fact 5).
  std::string channel_name = say.channel;
  hall_.directory.find_channel(std::move(channel_name),
                               [weak = weak_from_this(), say = std::move(say)](Result<Channel> channel) {
                                 const auto self = weak.lock();
                                 if (!self || self->closed_ || !channel) return;
                                 self->say_in(self->hall_.rooms.open(*channel), say);
                                 self->send();
                               });
}

void IrcClient::say_in(Room& room, const irc::Say& say) {
  auto* place = memberships_.find(say.channel);
  const Draft draft{user_,        say.text,         {},
                    say.reply_to, say.client_nonce, place != nullptr ? &place->member : nullptr};
  const auto accepted = hall_.path.take(room, draft);
  if (!accepted) {
    const RefusalWords words = words_for(accepted.error());
    return notice(say.channel, words.notice_id, words.text);
  }
  if (!session_.capabilities().commands) return;
  const Roles roles = room.roles_of(user_);
  write_user_state(out_, style(), user_, roles, badges_of(roles), say.channel, say.client_nonce);
}

void IrcClient::carry_out(irc::Quit quit) {
  send();
  closed_ = true;
  memberships_.leave_all();
  outlet_.close(quit.why == "quit" || quit.why == "login refused" ? Farewell::normal : Farewell::violation,
                quit.why);
}

void IrcClient::notice(std::string_view channel, std::string_view msg_id, std::string_view text) {
  write_notice(out_, style(), channel, msg_id, text);
}

void IrcClient::send() {
  if (out_.empty() || closed_) return;
  outlet_.send(out_);
  std::string().swap(out_);
}

Wire IrcClient::wire() const {
  const irc::Capabilities& capabilities = session_.capabilities();
  return {false, outlet_.framed(), capabilities.tags, capabilities.commands, capabilities.membership};
}

}  // namespace sluice::chat
