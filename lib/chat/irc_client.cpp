#include "chat/irc_client.hpp"

#include <algorithm>
#include <iterator>

#include "chat/badges.hpp"
#include "chat/personal.hpp"
#include "chat/text.hpp"

namespace sluice::chat {

namespace {
constexpr std::size_t names_limit = 1000;
constexpr std::size_t held_commands_limit = 1000;  // commands that wait for the directory
constexpr std::string_view not_just_now = "Logging in is not possible just now. Try again in a moment.";
constexpr std::string_view too_many_logins = "You are logging in too quickly. Try again in a few seconds.";
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
  take(std::move(commands));
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

void IrcClient::hear(const Whisper& whisper) {
  if (closed_ || !hears_whispers()) return;
  write_whisper(out_, style(), whisper, badges_of(people().premiums.of(whisper.from.id)));
  if (!carrying_) send();
}

void IrcClient::refuse_token() {
  if (closed_) return;
  notice({}, {}, "Login authentication failed");
  leave(Farewell::violation, "the token is good no longer");
}

void IrcClient::give_up_waiting() {
  if (closed_) return;
  const std::string_view words = waiting_                  ? not_just_now
                                 : session_.nick().empty() ? "Login unsuccessful"
                                                           : "Improperly formatted auth";
  notice({}, {}, words);
  send();
}

void IrcClient::take(std::vector<irc::Command> commands) {
  std::ranges::move(commands, std::back_inserter(held_));
  carry_on();
  if (closed_ || held_.size() - held_at_ <= held_commands_limit) return;
  notice({}, {}, "You are sending faster than you are answered and have been disconnected.");
  leave(Farewell::violation, "sent too much while the store was asked");
}

void IrcClient::carry_on() {
  if (carrying_) return;
  carrying_ = true;
  while (!waiting_ && !closed_ && held_at_ < held_.size()) {
    irc::Command command = std::move(held_[held_at_++]);
    std::visit([this](auto& what) { carry_out(std::move(what)); }, command);
  }
  carrying_ = false;
  if (held_at_ == held_.size() || closed_) {
    std::vector<irc::Command>().swap(held_);  // an idle connection holds no buffer
    held_at_ = 0;
  }
}

// The directory's answer has been acted on.
void IrcClient::answered() {
  waiting_ = false;
  carry_on();
  if (!carrying_) send();
}

void IrcClient::carry_out(irc::Login login) {
  if (login.anonymous) return logged_in(Identity{User{{}, login.nick, login.nick, {}}, false});
  if (const auto limited = hall_.entries.try_login(outlet_.address(), hall_.limits, hall_.clock.steady()))
    return refuse_login(too_many_logins, Farewell::restart);
  waiting_ = true;
  hall_.directory.find_by_token(std::move(login.token), [weak = weak_from_this()](Result<Identity> identity) {
    if (const auto self = weak.lock(); self && !self->closed_) {
      self->logged_in(std::move(identity));
      self->answered();
    }
  });
}

void IrcClient::logged_in(Result<Identity> identity) {
  if (!identity) {
    if (identity.error().code == Errc::denied)
      return refuse_login("Login authentication failed", Farewell::normal);
    return refuse_login(not_just_now, Farewell::restart);
  }
  const bool anonymous = identity->user.id.value() == 0;
  if (!anonymous && hall_.entries.logins.take(identity->user.id, hall_.limits.logins, hall_.clock.steady()))
    return refuse_login(too_many_logins, Farewell::restart);
  user_ = std::move(identity->user);
  may_write_ = identity->may_write;
  credential_ = {identity->token, identity->until};
  std::vector<irc::Command> commands;
  session_.accept(user_.login, commands, out_);
  if (!anonymous) {
    plug_ = Switchboard::Plug(hall_.switchboard, user_.id, *this);
    tell_connected(hall_, user_);
  }
  if (session_.capabilities().commands && !anonymous)
    write_global_user_state(out_, style(), user_, badges_of(people().premiums.of(user_.id)), emote_sets());
  take(std::move(commands));
}

// What passes must not be said in the dialect's words for what does not: after those, tmi.js never tries
// again.
void IrcClient::refuse_login(std::string_view words, Farewell farewell) {
  session_.refuse(words, out_);
  leave(farewell, "login refused");
}

void IrcClient::carry_out(irc::Join join) {
  const auto place = memberships_.find(join.channel);
  if (!place && memberships_.size() >= hall_.limits.rooms)
    return notice(join.channel, {}, "You have joined as many channels as one connection may.");
  if (take_join(hall_, user_)) return notice(join.channel, {}, "You are joining channels too quickly.");
  if (place) return write_states(*place->room);
  waiting_ = true;
  std::string name = join.channel;
  hall_.directory.find_channel(
      std::move(name), [weak = weak_from_this(), join = std::move(join)](Result<Channel> channel) {
        const auto self = weak.lock();
        if (!self || self->closed_) return;
        if (channel) {
          self->enter(*channel);
        } else if (channel.error().code != Errc::not_found) {  // no such channel: silence
          self->notice(join.channel, {}, "Joining is not possible just now. Try again in a moment.");
        }
        self->answered();
      });
}

void IrcClient::enter(const Channel& channel) {
  if (memberships_.find(channel.name) != nullptr) return;
  Room& room = hall_.rooms.open(channel);
  memberships_.join(room, user_, outlet_, wire());
  tell_entered(hall_, room, user_);

  std::vector<std::string> logins{user_.login};
  if (session_.capabilities().membership) {
    for (std::string& login : room.logins(names_limit))
      if (login != user_.login) logins.push_back(std::move(login));
  }
  write_join(out_, style(), user_.login, channel.name);
  write_names(out_, style(), user_.login, channel.name, logins);
  write_states(room);
}

// By which clients see that they are in, also those that join once more.
void IrcClient::write_states(const Room& room) {
  if (!session_.capabilities().commands) return;
  const Roles roles = room.roles_of(user_);
  if (user_.id.value() != 0)
    write_user_state(out_, style(), user_, roles, badges_of(roles), room.channel().name, {}, emote_sets());
  write_room_state(out_, style(), room.channel(), room.settings());
}

void IrcClient::carry_out(irc::Part part) {
  if (memberships_.leave(part.channel)) write_part(out_, style(), user_.login, part.channel);
}

void IrcClient::carry_out(irc::Say say) {
  if (user_.id.value() == 0 || !may_write_)
    return notice(say.channel, "no_permission", "You don't have permission to perform that action.");
  if (const Typed typed = read_typed(say.text); typed.command) {
    const CommandRule* rule = find_command(std::string_view(typed.text).substr(0, typed.text.find(' ')));
    if (rule != nullptr && is_personal(rule->act)) return personal_command(say.channel, typed.text);
  }
  if (const auto place = memberships_.find(say.channel)) return say_in(*place->room, say);
  // Speaking without having joined (fact 5).
  waiting_ = true;
  std::string channel_name = say.channel;
  hall_.directory.find_channel(
      std::move(channel_name), [weak = weak_from_this(), say = std::move(say)](Result<Channel> channel) {
        const auto self = weak.lock();
        if (!self || self->closed_) return;
        if (channel) {
          self->waiting_ = false;
          self->say_in(self->hall_.rooms.open(*channel), say);
          if (self->waiting_) return;  // for its own answer
        } else if (channel.error().code == Errc::not_found) {
          self->notice(say.channel, "msg_channel_suspended",
                       "This channel does not exist or has been suspended.");
        } else {
          self->notice(say.channel, {}, "Your message was not sent: the room cannot be found just now.");
        }
        self->answered();
      });
}

// An answer that comes later is sent when it comes; what the client says meanwhile is held back only by
// /clear, which would take it off the screens.
void IrcClient::command_in(Room& room, const std::string& channel, std::string_view line) {
  auto command = parse_command(line);
  if (!command) return notice(channel, command.error().notice_id, command.error().text);
  if (command->rule->act == Act::disconnect) return leave(Farewell::normal, "asked to be disconnected");
  if (command->rule->act != Act::clear)
    return hall_.moderation.carry_out(room, by(user_, outlet_), std::move(*command), answer_in(channel));
  waiting_ = true;
  hall_.moderation.carry_out(room, by(user_, outlet_), std::move(*command),
                             [weak = weak_from_this(), answer = answer_in(channel)](const Notice& told) {
                               answer(told);
                               if (const auto self = weak.lock(); self && !self->closed_) self->answered();
                             });
}

void IrcClient::personal_command(const std::string& channel, std::string_view line) {
  auto command = parse_command(line);
  if (!command) return notice(channel, command.error().notice_id, command.error().text);
  carry_out_personal(hall_, by(user_, outlet_), std::move(*command), answer_in(channel));
}

Moderation::Answer IrcClient::answer_in(const std::string& channel) {
  return [weak = weak_from_this(), channel](const Notice& told) {
    const auto self = weak.lock();
    if (!self || self->closed_ || told.id == whisper_sent) return;
    if (told.told_to_room && self->session_.capabilities().commands &&
        self->memberships_.find(channel) != nullptr)
      return;
    const Room* room = told.setting.empty() ? nullptr : self->hall_.rooms.find(channel);
    if (room != nullptr && self->session_.capabilities().commands)
      write_room_setting(self->out_, self->style(), room->channel(), told.setting, told.value);
    self->notice(channel, told.id, told.text);
    if (!self->carrying_) self->send();
  };
}

void IrcClient::say_in(Room& room, const irc::Say& say) {
  if (const Typed typed = read_typed(say.text); typed.command)
    return command_in(room, say.channel, typed.text);
  const auto place = memberships_.find(say.channel);
  const std::string address = by(user_, outlet_).address;
  const Draft draft{.author = user_,
                    .typed = say.text,
                    .reply_to = say.reply_to,
                    .client_nonce = say.client_nonce,
                    .from = place ? std::shared_ptr<Member>(place, &place->member) : nullptr,
                    .address = address};
  hall_.path.take(room, draft,
                  [weak = weak_from_this(), &room, channel = say.channel,
                   nonce = say.client_nonce](const Outcome& outcome) {
                    if (const auto self = weak.lock(); self && !self->closed_)
                      self->told(room, channel, nonce, outcome);
                  });
}

// What became of a line, when it is known: at once, or later.
void IrcClient::told(const Room& room, const std::string& channel, const std::string& nonce,
                     const Outcome& outcome) {
  if (!outcome) {
    const RefusalWords words = words_for(outcome.error());
    notice(channel, words.notice_id, words.text);
  } else if (session_.capabilities().commands) {
    const Roles roles = room.roles_of(user_);
    write_user_state(out_, style(), user_, roles, badges_of(roles), channel, {outcome->id, nonce},
                     emote_sets());
  }
  if (!carrying_) send();
}

void IrcClient::carry_out(irc::Quit quit) {
  leave(quit.why == "quit" ? Farewell::normal : Farewell::violation, quit.why);
}

// Of somebody who is logged in. Every line of theirs is answered with it, and it seldom changes.
const std::string& IrcClient::emote_sets() {
  if (const std::uint64_t now = people().emote_changes(); emote_sets_at_ != now) {
    emote_sets_ = people().emote_sets_of(user_.id);
    emote_sets_at_ = now;
  }
  return emote_sets_;
}

void IrcClient::leave(Farewell farewell, std::string_view why) {
  send();
  closed_ = true;
  plug_ = {};
  memberships_.leave_all();
  outlet_.close(farewell, why);
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
  return {.json = false,
          .framed = outlet_.framed(),
          .tags = capabilities.tags,
          .commands = capabilities.commands,
          .membership = capabilities.membership,
          .deflated = outlet_.deflated()};
}

}  // namespace sluice::chat
