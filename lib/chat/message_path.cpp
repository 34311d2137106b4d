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
}  // namespace

std::optional<Refusal> MessagePath::refused_by_ban(const Room& room, UserId user) const {
  const Wall now = clock_.wall();
  const Standing::Ban* ban = room.standing().ban_of(user, now);
  if (ban == nullptr) return std::nullopt;
  if (!ban->until) return Refusal{.reason = Reason::banned, .detail = room.channel().name};
  return Refusal{Reason::timed_out, *ban->until - now};
}

std::expected<Accepted, Refusal> MessagePath::take(Room& room, const Draft& draft) {
  const Steady now = clock_.steady();
  const UserId user = draft.author.id;
  const ChannelId channel = room.channel().id;

  Typed typed = read_typed(draft.typed);
  if (auto refusal = refused_as_text(typed)) return std::unexpected(*refusal);

  const std::string id = message_id(
      channel, user, draft.key.empty() ? "-" + random_token(random_, 128) : "+" + std::string(draft.key));
  if (!draft.key.empty())
    if (auto before = recent_.find(id, now)) return Accepted{id, *before, true};

  if (auto refusal = refused_by_ban(room, user)) return std::unexpected(*refusal);
  const Roles roles = room.roles_of(draft.author);
  if (auto wait = limits_.slow_wait(user, channel, roles, seconds(room.settings().slow), now))
    return std::unexpected(Refusal{Reason::slow_mode, *wait});
  if (auto limited = limits_.take(user, channel, roles, now))
    return std::unexpected(Refusal{Reason::rate_limited, limited->retry_after, limited->remaining});
  const std::size_t said = std::hash<std::string_view>{}(typed.text) + (typed.action ? 1 : 0);
  if (auto wait = limits_.repeat_wait(user, channel, roles, said, now))
    return std::unexpected(
        Refusal{.reason = Reason::repeated, .retry_after = *wait, .window = limits_.rates().repeat});

  std::vector<EmoteUse> emotes = room.emotes_in(typed.text, user);
  if (auto refusal = refused_by_settings(room, user, roles, typed.text, emotes, clock_.wall()))
    return std::unexpected(*refusal);

  Message message;
  message.id = id;
  message.at = clock_.wall();
  message.author = draft.author;
  message.roles = roles;
  message.badges = badges_of(roles);
  message.emotes = std::move(emotes);
  message.text = std::move(typed.text);
  message.action = typed.action;
  message.announcement = draft.announcement;
  message.client_nonce = draft.client_nonce;
  message.reply = reply_to(room, draft.reply_to);

  const MessagePtr published = room.publish(std::move(message), draft.from);
  limits_.sent(user, channel, said, now);
  const PublishedAs as{published->origin, published->seq, published->at};
  if (!draft.key.empty()) recent_.remember(id, as, now);
  if (on_published) on_published(published);
  return Accepted{id, as, false};
}

void MessagePath::restore(const Message& message) {
  if (message.at + RecentKeys::window > clock_.wall())
    recent_.remember(message.id, {message.origin, message.seq, message.at}, clock_.steady());
}

}  // namespace sluice::chat
