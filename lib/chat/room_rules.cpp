#include "chat/room_rules.hpp"

namespace sluice::chat {

std::optional<Refusal> refused_by_settings(const Room& room, const Roles& roles, std::string_view text,
                                           const std::vector<EmoteUse>& emotes) {
  if (roles.exempt()) return std::nullopt;
  const RoomSettings& settings = room.settings();
  if (settings.subs_only && !roles.subscriber) return Refusal{Reason::subs_only};
  if (settings.followers_only >= 0 && !roles.subscriber) return Refusal{Reason::followers_only};
  if (settings.emote_only && !only_emotes(text, emotes)) return Refusal{Reason::emote_only};
  if (settings.unique && room.history().holds_text(text)) return Refusal{Reason::unique};
  return std::nullopt;
}

}  // namespace sluice::chat
