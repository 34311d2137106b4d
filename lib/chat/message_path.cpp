#include "chat/message_path.hpp"

#include <algorithm>
#include <iterator>

#include "base/utf8.hpp"
#include "chat/badges.hpp"
#include "chat/message_id.hpp"
#include "chat/room_rules.hpp"
#include "chat/text.hpp"
#include "platform/bits.hpp"

namespace sluice::chat {

namespace {
constexpr seconds older_patience{1};      // for what a line replies to
constexpr seconds elsewhere_patience{2};  // for what became of a line that another node has taken

std::optional<Refusal> refused_as_text(const Typed& typed) {
  if (typed.command)
    return Refusal{.reason = Reason::unknown_command, .detail = typed.text.substr(0, typed.text.find(' '))};
  if (typed.text.empty()) return Refusal{Reason::empty};
  if (code_point_count(typed.text) > text_limit) return Refusal{Reason::too_long};
  return std::nullopt;
}

std::optional<Reply> reply_to(const MessagePtr& parent) {
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

std::optional<Refusal> MessagePath::refused_by_limits(const WaitingLine& line) {
  const Steady now = clock_.steady();
  const Room& room = *line.room;
  const ChannelId channel = room.channel().id;
  const UserId user = line.message.author.id;
  const Roles& roles = line.message.roles;
  if (auto limited = limits_.limited(user, channel, roles, now))
    return Refusal{Reason::rate_limited, limited->retry_after, limited->remaining};
  // Takes no place: who then comes back when slow mode lets it finds no cooldown.
  if (auto wait = limits_.slow_wait(user, channel, roles, seconds(room.settings().slow), now))
    return Refusal{Reason::slow_mode, *wait};
  limits_.taken(user, channel, roles, now);
  if (auto wait = limits_.repeat_wait(user, channel, roles, line.said, now))
    return Refusal{.reason = Reason::repeated, .retry_after = *wait, .window = limits_.rates().repeat};
  return std::nullopt;
}

// What passes counts as sent.
std::optional<Refusal> MessagePath::refused_by_room(WaitingLine& line) {
  Message& message = line.message;
  message.emotes = line.room->emotes_in(message.text, message.author.id);
  line.looked_up_at = line.room->people().emote_changes();
  if (auto refusal = refused_by_settings(*line.room, message.author.id, message.roles, message.text,
                                         message.emotes, clock_.wall()))
    return refusal;
  line.sent = {clock_.steady(), line.said};
  line.sent_before = limits_.sent(message.author.id, message.channel, *line.sent);
  return std::nullopt;
}

// A repeat is answered as it was before, or when the line that it repeats is.
bool MessagePath::known(const std::string& id, Answer& then) {
  const Steady now = clock_.steady();
  if (auto before = recent_.find(id, now)) return then(Accepted{id, *before, true}), true;
  if (auto held = held_.find(id, now)) return then(std::unexpected(*held)), true;
  const auto elsewhere = elsewhere_.find(id);
  WaitingLine* same = waiting_.find(id);
  if (same == nullptr && elsewhere == elsewhere_.end()) return false;
  std::vector<Answer>& answers = same != nullptr ? same->answers : elsewhere->second.answers;
  if (answers.size() > WaitingLines::most_repeats) return then(no(Refusal{Reason::busy})), true;
  answers.push_back(std::move(then));
  return true;
}

void MessagePath::take(Room& room, const Draft& draft, Answer then) {
  const UserId user = draft.author.id;
  const ChannelId channel = room.channel().id;
  Typed typed = read_typed(draft.typed);
  if (auto refusal = refused_as_text(typed)) return then(no(refusal));

  const bool keyed = !draft.key.empty();
  std::string id =
      keyed ? message_id(channel, user, "+" + std::string(draft.key)) : message_id(clock_.wall(), random_);
  if (keyed && known(id, then)) return;

  if (auto refusal = refused_by_ban(room, user)) return then(no(refusal));
  const std::int64_t bits = bits_in(room, draft, typed.text);
  if (bits > platform::most_bits) return then(no(Refusal{Reason::too_many_bits}));
  if (draft.anonymous && bits == 0) return then(no(Refusal{Reason::no_cheer}));
  if (auto busy = waiting_.refused_as_too_many(room, user)) return then(no(busy));

  WaitingLine line;
  line.room = &room;
  line.said = std::hash<std::string_view>{}(typed.text) + (typed.action ? 1 : 0);
  if (keyed || bits > 0) line.key_id = id;  // a cheer is paid under its id
  Message& message = line.message;
  message.id = std::move(id);
  message.channel = channel;
  message.channel_name = room.channel().name;
  message.author = draft.author;
  message.roles = room.roles_of(draft.author);
  message.text = std::move(typed.text);
  message.action = typed.action;
  message.announcement = draft.announcement;
  message.bits = bits;
  message.anonymous = draft.anonymous;
  message.client_nonce = draft.client_nonce;
  message.address = draft.address;
  if (!draft.reply_to.empty()) {
    message.reply = reply_to(room.history().find(draft.reply_to));
    if (find_older && room.history().entry(draft.reply_to) == nullptr) line.older = draft.reply_to;
  }

  const bool shares = shared_ != nullptr && shared_->answers();
  if (shared_ != nullptr && !shares) alone_until_ = clock_.steady() + limits_.memory();
  if (!shares || clock_.steady() < alone_until_) {
    if (auto refusal = refused_by_limits(line)) return then(no(refusal));
    line.taken = true;
  }
  if (!shares) {
    if (auto refusal = refused_by_room(line)) return then(no(refusal));
    if (gates_.empty() && bits == 0 && line.older.empty() && waiting_.oldest(room, user) == nullptr) {
      const MessagePtr published = publish(room, std::move(message), draft.from.get(), keyed);
      return then(Accepted{published->id, {published->origin, published->seq, published->at}, false});
    }
  }
  line.from = draft.from;
  line.answers.push_back(std::move(then));
  const auto waiting = std::make_shared<WaitingLine>(std::move(line));
  waiting_.add(waiting);
  if (shares) return ask_others(waiting);
  ask_gates(waiting);
}

// ---- the limits of all nodes

SharedLimits::Question MessagePath::question(const WaitingLine& line) const {
  const seconds slow(line.room->settings().slow);
  return {line.message, limits_.terms(line.message.roles, slow), !line.key_id.empty(), line.unique};
}

void MessagePath::ask_others(const std::shared_ptr<WaitingLine>& line) {
  line->unique = line->room->settings().unique && !line->message.roles.exempt();
  shared_->ask(question(*line), [this, weak = std::weak_ptr(line)](SharedLimits::Verdict verdict) {
    if (const auto it = weak.lock()) answered(it, std::move(verdict));
  });
}

void MessagePath::answered(const std::shared_ptr<WaitingLine>& line, SharedLimits::Verdict verdict) {
  if (auto* refusal = std::get_if<Refusal>(&verdict)) return decide(line, std::move(*refusal));
  line->on_its_way = std::holds_alternative<SharedLimits::OnItsWay>(verdict);
  if (auto* as = std::get_if<PublishedAs>(&verdict)) line->published_as = std::move(*as);
  if (line->on_its_way || line->published_as) return decide(line, std::nullopt);
  const Message& message = line->message;
  if (auto* passed = std::get_if<SharedLimits::Passed>(&verdict)) {
    line->passed = std::move(*passed);
    if (!line->taken) limits_.taken(message.author.id, message.channel, message.roles, clock_.steady());
  } else {
    alone_until_ = clock_.steady() + limits_.memory();
    if (!line->taken)
      if (auto refusal = refused_by_limits(*line)) return decide(line, std::move(refusal));
  }
  if (auto refusal = refused_by_room(*line)) return decide(line, std::move(refusal));
  ask_gates(line);
}

void MessagePath::resolve(const std::string& id, const PublishedAs& as) {
  const auto found = elsewhere_.find(id);
  if (found == elsewhere_.end()) return;
  const std::vector<Answer> answers = std::move(found->second.answers);
  elsewhere_.erase(found);
  for (const Answer& answer : answers) answer(Accepted{id, as, true});
}

void MessagePath::forget_held(const std::string& id) {
  held_.forget(id);
  if (shared_ != nullptr) shared_->forget_key(id);
}

void MessagePath::tick() {
  const Steady now = clock_.steady();
  limits_.forget_idle(now);
  give_up_looking(now);
  std::vector<Answer> unheard;
  std::erase_if(elsewhere_, [&](auto& each) {
    if (now < each.second.until) return false;
    std::ranges::move(each.second.answers, std::back_inserter(unheard));
    return true;
  });
  for (const Answer& answer : unheard) answer(no(Refusal{Reason::on_its_way}));
}

// ---- gates

void MessagePath::ask_gates(const std::shared_ptr<WaitingLine>& line) {
  if (!line->older.empty()) return look_up(line);
  if (line->gate == gates_.size()) {
    if (line->message.bits > 0 && !line->paid) return pay(line);
    return decide(line, std::nullopt);
  }
  const auto then = [this, weak = std::weak_ptr(line), gate = line->gate](std::optional<Refusal> refused) {
    if (const auto it = weak.lock(); it && !it->decided && it->gate == gate) answered(it, std::move(refused));
  };
  gates_[line->gate]->ask(*line->room, line->message, then);
}

void MessagePath::look_up(const std::shared_ptr<WaitingLine>& line) {
  looked_up_.emplace_back(clock_.steady(), line);
  find_older(line->message.channel, line->older,
             [this, weak = std::weak_ptr(line)](const MessagePtr& parent) {
               const auto it = weak.lock();
               if (!it || it->older.empty()) return;
               if (parent && !it->room->is_taken_off(*parent)) it->message.reply = reply_to(parent);
               it->older.clear();
               ask_gates(it);
             });
}

// An archive that does not answer holds nobody up.
void MessagePath::give_up_looking(Steady now) {
  while (!looked_up_.empty() && now - looked_up_.front().first >= older_patience) {
    const auto line = looked_up_.front().second.lock();
    looked_up_.pop_front();
    if (!line || line->older.empty()) continue;
    line->older.clear();
    ask_gates(line);
  }
}

void MessagePath::answered(const std::shared_ptr<WaitingLine>& line, std::optional<Refusal> refused) {
  ++line->gate;
  if (refused) return decide(line, std::move(refused));
  ask_gates(line);
}

// ---- the outcome

void MessagePath::decide(const std::shared_ptr<WaitingLine>& line, std::optional<Refusal> refused) {
  line->decided = true;
  line->refused = std::move(refused);
  const Room& room = *line->room;
  const UserId sender = line->message.author.id;
  while (const auto next = waiting_.take_decided(room, sender)) {
    if (next->on_its_way && !recent_.find(next->key_id, clock_.steady())) {
      elsewhere_.try_emplace(next->key_id, std::move(next->answers), clock_.steady() + elsewhere_patience);
      continue;
    }
    Outcome outcome = settle(*next);
    for (const Answer& answer : next->answers) {
      answer(outcome);
      if (outcome) outcome->repeated = true;
    }
  }
}

// What was so when the line was sent may be otherwise now: a cheer before it brought its author an emote. In
// the cheer itself that is still a word; see counted_bits().
Outcome MessagePath::settle(WaitingLine& line) {
  Room& room = *line.room;
  Message& message = line.message;
  if (!line.published_as && !line.key_id.empty())  // it may have been heard of in the meantime
    line.published_as = recent_.find(line.key_id, clock_.steady());
  if (line.published_as) {
    give_back(line);
    return Accepted{message.id, *line.published_as, true};
  }
  message.roles = room.roles_of(message.author);
  if (!line.refused) line.refused = refused_by_ban(room, message.author.id);
  if (!line.refused && message.bits == 0 && line.looked_up_at != room.people().emote_changes())
    message.emotes = room.emotes_in(message.text, message.author.id);
  if (!line.refused && !line.paid)
    line.refused = refused_by_settings(room, message.author.id, message.roles, message.text, message.emotes,
                                       clock_.wall());
  if (!line.refused) {
    const MessagePtr published =
        publish(room, std::move(message), line.from.lock().get(), !line.key_id.empty());
    return Accepted{published->id, {published->origin, published->seq, published->at}, false};
  }
  give_back(line);
  // Of what is held the moderators' decision says whose the bits are.
  if (line.paid && line.refused->reason != Reason::held) till_->give_back(message.id);
  if (line.refused->reason == Reason::held && !line.key_id.empty())
    held_.remember(line.key_id, *line.refused, clock_.steady());
  return std::unexpected(*line.refused);
}

// Slow mode and repeats count from what was published.
void MessagePath::give_back(const WaitingLine& line) {
  if (line.passed)
    shared_->refused(question(line), *line.passed, line.refused.value_or(Refusal{Reason::on_its_way}));
  if (!line.sent) return;
  const UserId sender = line.message.author.id;
  if (limits_.take_back(sender, line.room->channel().id, *line.sent, line.sent_before)) return;
  if (WaitingLine* next = waiting_.next_after(*line.room, sender, *line.sent))
    next->sent_before = line.sent_before;
}

MessagePtr MessagePath::publish(Room& room, Message line, Member* from, bool keyed) {
  line.at = clock_.wall();
  if (line.anonymous) {
    line.author = anonymous_cheerer();
    line.roles = {};
    line.client_nonce.clear();
  }
  line.address = {};
  line.badges = badges_of(line.roles);
  const MessagePtr published = room.publish(std::move(line), from);
  if (on_published) on_published(published);
  if (keyed) {
    const PublishedAs as{published->origin, published->seq, published->at};
    recent_.remember(published->id, as, clock_.steady());
    // Behind the line itself: a node that is killed between the two has not told others of a line that they
    // never get.
    if (shared_ != nullptr) shared_->published(*published);
    resolve(published->id, as);
  }
  return published;
}

MessagePtr MessagePath::publish_held(Room& room, Message line) {
  held_.forget(line.id);
  if (recent_.find(line.id, clock_.steady()) || room.history().find(line.id)) return nullptr;
  if (refused_by_ban(room, line.author.id)) return nullptr;
  line.roles = room.roles_of(line.author);
  line.emotes = room.emotes_in(line.text, line.author.id, counted_bits(line));
  return publish(room, std::move(line), nullptr, true);
}

void MessagePath::restore(const Message& message) {
  restore(message.id, {message.origin, message.seq, message.at});
}

void MessagePath::restore(const std::string& id, const PublishedAs& as) {
  held_.forget(id);
  if (as.at + RecentKeys::window > clock_.wall()) recent_.remember(id, as, clock_.steady());
  resolve(id, as);
}

}  // namespace sluice::chat
