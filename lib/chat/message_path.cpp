#include "chat/message_path.hpp"

#include "base/utf8.hpp"
#include "chat/badges.hpp"
#include "chat/message_id.hpp"
#include "chat/room_rules.hpp"
#include "chat/text.hpp"

namespace sluice::chat {

namespace {
std::optional<Refusal> refused_as_text(const Typed& typed) {
  if (typed.command)
    return Refusal{.reason = Reason::unknown_command, .detail = typed.text.substr(0, typed.text.find(' '))};
  if (typed.text.empty()) return Refusal{Reason::empty};
  if (code_point_count(typed.text) > text_limit) return Refusal{Reason::too_long};
  return std::nullopt;
}

std::optional<Reply> reply_to(const Room& room, std::string_view id) {
  const MessagePtr parent = id.empty() ? nullptr : room.history().find(id);
  if (!parent) return std::nullopt;
  if (!parent->reply) return Reply{parent->id, parent->author, parent->text, parent->id, parent->author};
  return Reply{parent->id, parent->author, parent->text, parent->reply->thread, parent->reply->thread_author};
}

std::unexpected<Refusal> no(std::optional<Refusal> refusal) {
  return std::unexpected(*std::move(refusal));
}
}  // namespace

std::optional<Refusal> MessagePath::refused_by_ban(const Room& room, UserId user) const {
  const Wall now = clock_.wall();
  const Standing::Ban* ban = room.standing().ban_of(user, now);
  if (ban == nullptr) return std::nullopt;
  if (!ban->until) return Refusal{.reason = Reason::banned, .detail = room.channel().name};
  return Refusal{Reason::timed_out, *ban->until - now};
}

std::optional<Refusal> MessagePath::refused_by_limits(const Room& room, UserId user, const Roles& roles,
                                                      std::size_t said) {
  const Steady now = clock_.steady();
  const ChannelId channel = room.channel().id;
  if (auto wait = limits_.slow_wait(user, channel, roles, seconds(room.settings().slow), now))
    return Refusal{Reason::slow_mode, *wait};
  if (auto busy = waiting_.refused_as_too_many(room, user)) return busy;
  if (auto limited = limits_.take(user, channel, roles, now))
    return Refusal{Reason::rate_limited, limited->retry_after, limited->remaining};
  if (auto wait = limits_.repeat_wait(user, channel, roles, said, now))
    return Refusal{.reason = Reason::repeated, .retry_after = *wait, .window = limits_.rates().repeat};
  return std::nullopt;
}

// A repeat is answered as it was before, or when the line that it repeats is.
bool MessagePath::known(const std::string& id, Answer& then) {
  const Steady now = clock_.steady();
  if (auto before = recent_.find(id, now)) return then(Accepted{id, *before, true}), true;
  if (auto held = held_.find(id, now)) return then(std::unexpected(*held)), true;
  WaitingLine* same = waiting_.find(id);
  if (same == nullptr) return false;
  if (same->answers.size() > WaitingLines::most_repeats) return then(no(Refusal{Reason::busy})), true;
  same->answers.push_back(std::move(then));
  return true;
}

void MessagePath::take(Room& room, const Draft& draft, Answer then) {
  const UserId user = draft.author.id;
  const ChannelId channel = room.channel().id;
  Typed typed = read_typed(draft.typed);
  if (auto refusal = refused_as_text(typed)) return then(no(refusal));

  const bool keyed = !draft.key.empty();
  std::string id =
      message_id(channel, user, keyed ? "+" + std::string(draft.key) : "-" + random_token(random_, 128));
  if (keyed && known(id, then)) return;

  if (auto refusal = refused_by_ban(room, user)) return then(no(refusal));
  const Roles roles = room.roles_of(draft.author);
  const std::size_t said = std::hash<std::string_view>{}(typed.text) + (typed.action ? 1 : 0);
  if (auto refusal = refused_by_limits(room, user, roles, said)) return then(no(refusal));
  std::vector<EmoteUse> emotes = room.emotes_in(typed.text, user);
  if (auto refusal = refused_by_settings(room, user, roles, typed.text, emotes, clock_.wall()))
    return then(no(refusal));

  Message message;
  message.id = std::move(id);
  message.channel = channel;
  message.channel_name = room.channel().name;
  message.author = draft.author;
  message.roles = roles;
  message.emotes = std::move(emotes);
  message.text = std::move(typed.text);
  message.action = typed.action;
  message.announcement = draft.announcement;
  message.client_nonce = draft.client_nonce;
  message.reply = reply_to(room, draft.reply_to);

  const SendLimits::Sent sent{clock_.steady(), said};
  const auto before = limits_.sent(user, channel, sent);
  if (gates_.empty()) {
    const MessagePtr published = publish(room, std::move(message), draft.from.get(), keyed);
    return then(Accepted{published->id, {published->origin, published->seq, published->at}, false});
  }
  const auto line = std::make_shared<WaitingLine>(WaitingLine{.room = &room,
                                                              .message = std::move(message),
                                                              .from = draft.from,
                                                              .key_id = {},
                                                              .sent = sent,
                                                              .sent_before = before});
  if (keyed) line->key_id = line->message.id;
  line->answers.push_back(std::move(then));
  waiting_.add(line);
  ask(line);
}

void MessagePath::ask(const std::shared_ptr<WaitingLine>& line) {
  const auto then = [this, weak = std::weak_ptr(line), gate = line->gate](std::optional<Refusal> refused) {
    if (const auto it = weak.lock(); it && !it->decided && it->gate == gate) answered(it, std::move(refused));
  };
  gates_[line->gate]->ask(*line->room, line->message, then);
}

void MessagePath::answered(const std::shared_ptr<WaitingLine>& line, std::optional<Refusal> refused) {
  ++line->gate;
  if (!refused && line->gate < gates_.size()) return ask(line);
  line->decided = true;
  line->refused = std::move(refused);
  const Room& room = *line->room;
  const UserId sender = line->message.author.id;
  while (const auto next = waiting_.take_decided(room, sender)) {
    Outcome outcome = settle(*next);
    for (const Answer& answer : next->answers) {
      answer(outcome);
      if (outcome) outcome->repeated = true;
    }
  }
}

// What was so when the line was sent may be otherwise now.
Outcome MessagePath::settle(WaitingLine& line) {
  Room& room = *line.room;
  Message& message = line.message;
  message.roles = room.roles_of(message.author);
  if (!line.refused) line.refused = refused_by_ban(room, message.author.id);
  if (!line.refused)
    line.refused = refused_by_settings(room, message.author.id, message.roles, message.text, message.emotes,
                                       clock_.wall());
  if (!line.refused) {
    const MessagePtr published =
        publish(room, std::move(message), line.from.lock().get(), !line.key_id.empty());
    return Accepted{published->id, {published->origin, published->seq, published->at}, false};
  }
  give_back(line);
  if (line.refused->reason == Reason::held && !line.key_id.empty())
    held_.remember(line.key_id, *line.refused, clock_.steady());
  return std::unexpected(*line.refused);
}

// Slow mode and repeats count from what was published.
void MessagePath::give_back(const WaitingLine& line) {
  const UserId sender = line.message.author.id;
  if (limits_.take_back(sender, line.room->channel().id, line.sent, line.sent_before)) return;
  if (WaitingLine* next = waiting_.oldest(*line.room, sender)) next->sent_before = line.sent_before;
}

MessagePtr MessagePath::publish(Room& room, Message line, Member* from, bool keyed) {
  line.at = clock_.wall();
  line.badges = badges_of(line.roles);
  const MessagePtr published = room.publish(std::move(line), from);
  if (keyed)
    recent_.remember(published->id, {published->origin, published->seq, published->at}, clock_.steady());
  if (on_published) on_published(published);
  return published;
}

MessagePtr MessagePath::publish_held(Room& room, Message line) {
  held_.forget(line.id);
  if (recent_.find(line.id, clock_.steady()) || room.history().find(line.id)) return nullptr;
  if (refused_by_ban(room, line.author.id)) return nullptr;
  line.roles = room.roles_of(line.author);
  line.emotes = room.emotes_in(line.text, line.author.id);
  return publish(room, std::move(line), nullptr, true);
}

void MessagePath::restore(const Message& message) {
  held_.forget(message.id);
  if (message.at + RecentKeys::window > clock_.wall())
    recent_.remember(message.id, {message.origin, message.seq, message.at}, clock_.steady());
}

}  // namespace sluice::chat
