#include "chat/json_client.hpp"

#include <algorithm>
#include <ranges>
#include <span>

#include "chat/badges.hpp"
#include "chat/personal.hpp"
#include "chat/text.hpp"

namespace sluice::chat {

namespace {
constexpr std::size_t held_frames_limit = 64;  // frames that wait for the directory

template <class Write>
std::string written(const Write& write) {
  std::string text;
  write(text);
  return text;
}

// As JSON, oldest first.
std::vector<std::string> newest_that_fit(std::span<const MessagePtr> messages, std::size_t bytes) {
  std::vector<std::string> fitting;
  for (const MessagePtr& message : std::views::reverse(messages)) {
    std::string text = written([&](std::string& out) { write_message(out, *message); });
    if (text.size() > bytes) break;
    bytes -= text.size();
    fitting.push_back(std::move(text));
  }
  std::ranges::reverse(fitting);
  return fitting;
}

ErrorCode code_of(CommandProblem::Kind kind) {
  switch (kind) {
    case CommandProblem::Kind::unknown:
      return ErrorCode::unknown_command;
    case CommandProblem::Kind::absent:
      return ErrorCode::unsupported_command;
    case CommandProblem::Kind::misused:
      break;
  }
  return ErrorCode::usage;
}
}  // namespace

void JsonClient::greet() {
  outlet_.send(written([&](std::string& out) {
    write_hello(out, hall_.rooms.origin(), hall_.limits.rooms, hall_.limits.frame_bytes);
  }));
}

void JsonClient::receive(ByteView message) {
  if (closed_) return;
  if (waiting_) {
    if (held_.size() < held_frames_limit) return held_.emplace_back(as_text(message)), void();
    error({.code = ErrorCode::too_many_frames,
           .text = "You send faster than you are answered, and are being disconnected."});
    return leave(Farewell::violation, "too many frames at once");
  }
  auto request = parse_json_request(as_text(message));
  if (!request)
    return error({.code = ErrorCode::bad_request,
                  .text = request.error().what,
                  .key = key_of_request(as_text(message))});
  std::visit([this](auto& what) { carry_out(std::move(what)); }, *request);
}

void JsonClient::restart(seconds within) {
  outlet_.send(written([&](std::string& out) { write_reconnect_object(out, within); }));
}

void JsonClient::fall_behind() {
  error({.code = ErrorCode::slow_consumer, .text = "You are reading too slowly and are being disconnected."});
}

void JsonClient::refuse_token() {
  error({.code = ErrorCode::token_revoked, .text = "Your token is good no longer. Log in again."});
  leave(Farewell::violation, "the token is good no longer");
}

void JsonClient::hear(const Whisper& whisper) {
  if (closed_) return;
  outlet_.send(written([&](std::string& out) { write_whisper_object(out, whisper); }));
}

// What was held, or still comes, is carried out no more.
void JsonClient::leave(Farewell farewell, std::string_view why) {
  closed_ = true;
  plug_ = {};
  memberships_.leave_all();
  held_.clear();
  outlet_.close(farewell, why);
}

void JsonClient::carry_out(AuthRequest auth) {
  if (const auto limited = hall_.entries.try_login(outlet_.address(), hall_.limits, hall_.clock.steady()))
    return error({.code = ErrorCode::rate_limited,
                  .text = "Too many attempts.",
                  .retry_after = limited->retry_after,
                  .remaining = 0});
  waiting_ = true;
  hall_.directory.redeem_ticket(
      std::move(auth.ticket),
      [weak = weak_from_this(), fingerprint = std::move(auth.fingerprint)](Result<Identity> identity) {
        if (const auto self = weak.lock(); self && !self->closed_) {
          if (identity) self->fingerprint_ = fingerprint;
          self->authenticated(std::move(identity));
          self->answered();
        }
      });
}

void JsonClient::authenticated(Result<Identity> identity) {
  if (!identity) {
    if (identity.error().code == Errc::denied)
      return error({.code = ErrorCode::auth_failed, .text = "The ticket is unknown, used or too old."});
    return error({.code = ErrorCode::unavailable, .text = "Logging in is not possible just now."});
  }
  if (const auto limited =
          hall_.entries.logins.take(identity->user.id, hall_.limits.logins, hall_.clock.steady()))
    return error({.code = ErrorCode::rate_limited,
                  .text = "You are logging in too quickly.",
                  .retry_after = limited->retry_after,
                  .remaining = 0});
  // Who is in a room is counted by user: rooms joined before are left and joined again under the new name.
  std::vector<Room*> rooms;
  memberships_.each([&](Memberships::Place& place) { rooms.push_back(place.room); });
  std::vector<Member> before;
  memberships_.each([&](Memberships::Place& place) { before.push_back(place.member); });
  memberships_.leave_all();
  user_ = std::move(identity->user);
  plug_ = Switchboard::Plug(hall_.switchboard, user_.id, *this);
  may_write_ = identity->may_write;
  credential_ = {identity->token, identity->until};
  for (std::size_t i = 0; i < rooms.size(); ++i)
    memberships_.join(*rooms[i], user_, outlet_, before[i].wire).member.since = before[i].since;
  tell_connected(hall_, user_);
  for (const Room* room : rooms) tell_entered(hall_, *room, user_);
  outlet_.send(written([&](std::string& out) { write_authenticated(out, user_); }));
}

void JsonClient::carry_out(JoinRequest join) {
  if (memberships_.find(join.channel) == nullptr && memberships_.size() >= hall_.limits.rooms)
    return error({.code = ErrorCode::too_many_rooms,
                  .text = "This connection has joined all the rooms it may.",
                  .channel = join.channel});
  if (const auto limited = take_join(hall_, user_))
    return error({.code = ErrorCode::rate_limited,
                  .text = "Joining too fast.",
                  .channel = join.channel,
                  .retry_after = limited->retry_after,
                  .remaining = 0});
  waiting_ = true;
  std::string name = join.channel;
  const Seen seen = join.after.value_or(Seen{});
  hall_.directory.find_channel_for(
      std::move(name), seen, [weak = weak_from_this(), join = std::move(join)](Result<Channel> channel) {
        const auto self = weak.lock();
        if (!self || self->closed_) return;
        if (channel) {
          self->enter(*channel, join);
        } else if (channel.error().code == Errc::not_found) {
          self->error({.code = ErrorCode::no_such_channel,
                       .text = "There is no channel of that name.",
                       .channel = join.channel});
        } else {
          self->error({.code = ErrorCode::unavailable,
                       .text = "Joining is not possible just now.",
                       .channel = join.channel});
        }
        self->answered();
      });
}

void JsonClient::enter(const Channel& channel, const JoinRequest& join) {
  memberships_.leave(channel.name);  // joining again begins anew
  Room& room = hall_.rooms.open(channel);
  memberships_.join(room, user_, outlet_,
                    Wire{.json = true, .framed = outlet_.framed(), .deflated = outlet_.deflated()});
  tell_entered(hall_, room, user_);

  JoinedAnswer answer{.channel = channel,
                      .origin = room.origin(),
                      .seq = room.seq(),
                      .at = hall_.clock.wall(),
                      .cursor = room.heads(),
                      .viewers = room.viewers_everywhere(),
                      .settings = room.settings()};
  if (user_.id.value() != 0) {
    answer.you = &user_;
    answer.roles = room.roles_of(user_);
    answer.badges = badges_of(answer.roles);
  }
  History::Missed missed;
  if (join.after) {
    missed = room.missed(*join.after, join.complete);
    answer.taken_off = room.taken_off_since(missed.seen_until);
    answer.notices = room.notices_since(missed.seen_until);
  } else {
    missed.messages = room.history().last(join.history);
  }
  answer.history = newest_that_fit(missed.messages, hall_.limits.history_bytes);
  answer.gap = missed.gap || (join.after && answer.history.size() < missed.messages.size());
  outlet_.send(written([&](std::string& out) { write_joined(out, answer); }));
}

void JsonClient::carry_out(LeaveRequest leave) {
  if (!memberships_.leave(leave.channel))
    return error(
        {.code = ErrorCode::not_joined, .text = "You are not in that room.", .channel = leave.channel});
  outlet_.send(written([&](std::string& out) { write_left(out, leave.channel); }));
}

void JsonClient::carry_out(MessageRequest message) {
  const auto refuse = [&](ErrorCode code, std::string_view text) {
    error({.code = code, .text = text, .channel = message.channel, .key = message.key});
  };
  if (user_.id.value() == 0) return refuse(ErrorCode::not_authenticated, "Log in to write.");
  if (!may_write_) return refuse(ErrorCode::not_authenticated, "Your token does not allow writing.");
  const auto place = memberships_.find(message.channel);
  if (!place) return refuse(ErrorCode::not_joined, "You are not in that room.");

  if (const Typed typed = read_typed(message.text); typed.command)
    return command_in(*place->room, message, typed.text);
  const std::string address = by(user_, outlet_).address;
  const Draft draft{.author = user_,
                    .typed = message.text,
                    .key = message.key,
                    .reply_to = message.reply_to,
                    .from = std::shared_ptr<Member>(place, &place->member),
                    .anonymous = message.anonymous,
                    .address = address};
  hall_.path.take(
      *place->room, draft,
      [weak = weak_from_this(), channel = message.channel, key = message.key](const Outcome& outcome) {
        if (const auto self = weak.lock(); self && !self->closed_) self->told(channel, key, outcome);
      });
}

// What became of a message, when it is known: at once, or later.
void JsonClient::told(const std::string& channel, const std::string& key, const Outcome& outcome) {
  if (!outcome) {
    const Refusal& refusal = outcome.error();
    const RefusalWords words = words_for(refusal);
    return error({.code = words.code,
                  .text = words.text,
                  .channel = channel,
                  .key = key,
                  .id = refusal.reason == Reason::held ? std::string_view(refusal.detail) : "",
                  .retry_after = refusal.retry_after,
                  .remaining = refusal.remaining});
  }
  const Confirmation confirmation{
      channel, key, outcome->id, outcome->as.origin, outcome->as.seq, outcome->as.at, outcome->repeated};
  outlet_.send(written([&](std::string& out) { write_confirmed(out, confirmation); }));
}

void JsonClient::command_in(Room& room, const MessageRequest& message, std::string_view line) {
  const auto tell = [channel = message.channel, key = message.key](JsonClient& self, const Notice& notice) {
    self.outlet_.send(written([&](std::string& out) {
      write_notice_object(out, {channel, key, notice.id, notice.text});
    }));
  };
  auto command = parse_command(line);
  if (!command) {
    return error({.code = code_of(command.error().kind),
                  .text = command.error().text,
                  .channel = message.channel,
                  .key = message.key});
  }
  if (command->rule->act == Act::disconnect) {
    tell(*this, {"disconnected", "You have been disconnected, as you asked."});
    return leave(Farewell::normal, "asked to be disconnected");
  }
  const auto answer = [weak = weak_from_this(), tell](const Notice& notice) {
    if (const auto self = weak.lock(); self && !self->closed_) tell(*self, notice);
  };
  if (is_personal(command->rule->act))
    return carry_out_personal(hall_, by(user_, outlet_), std::move(*command), answer);
  if (command->rule->act != Act::clear)
    return hall_.moderation.carry_out(room, by(user_, outlet_), std::move(*command), answer);
  waiting_ = true;  // what comes behind it is not to be taken off the screens by it
  hall_.moderation.carry_out(room, by(user_, outlet_), std::move(*command),
                             [weak = weak_from_this(), answer](const Notice& notice) {
                               answer(notice);
                               if (const auto self = weak.lock(); self && !self->closed_) self->answered();
                             });
}

void JsonClient::carry_out(PingRequest ping) {
  outlet_.send(written([&](std::string& out) { write_pong(out, ping.id_json); }));
}

void JsonClient::answered() {
  waiting_ = false;
  while (!waiting_ && !held_.empty()) {
    const std::string next = std::move(held_.front());
    held_.erase(held_.begin());
    receive(as_bytes(next));
  }
  if (held_.empty()) std::vector<std::string>().swap(held_);
}

void JsonClient::error(const ErrorAnswer& answer) {
  outlet_.send(written([&](std::string& out) { write_error(out, answer); }));
}

}  // namespace sluice::chat
