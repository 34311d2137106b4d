#include "chat/room_rules.hpp"

#include <algorithm>

namespace sluice::chat {

namespace {
// Who follows may talk after so many minutes of it.
std::optional<Refusal> refused_as_stranger(const Room& room, UserId author, Wall now) {
  const milliseconds needed = std::chrono::minutes(room.settings().followers_only);
  const std::optional<Wall> since = room.standing().follows_since(author);
  if (since && *since + needed <= now) return std::nullopt;
  Refusal refusal{.reason = Reason::followers_only, .window = needed, .detail = room.channel().name};
  if (since) {
    refusal.followed = std::max(now - *since, milliseconds(0));
    refusal.retry_after = *since + needed - now;
  }
  return refusal;
}
}  // namespace

std::optional<Refusal> refused_by_settings(const Room& room, UserId author, const Roles& roles,
                                           std::string_view text, const std::vector<EmoteUse>& emotes,
                                           Wall now) {
  if (roles.exempt()) return std::nullopt;
  const RoomSettings& settings = room.settings();
  if (settings.subs_only && !roles.subscriber) return Refusal{Reason::subs_only};
  if (settings.followers_only >= 0 && !roles.subscriber)
    if (auto refusal = refused_as_stranger(room, author, now)) return refusal;
  if (settings.emote_only && !only_emotes(text, emotes)) return Refusal{Reason::emote_only};
  if (settings.unique && room.history().holds_text(text)) return Refusal{Reason::unique};
  return std::nullopt;
}

}  // namespace sluice::chat
