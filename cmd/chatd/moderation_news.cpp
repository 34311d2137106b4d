#include "moderation_news.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "chat/irc_lines.hpp"
#include "event_fields.hpp"

namespace sluice::chatd {

namespace {
using nlohmann::json;
using Role = chat::Standing::Role;

chat::RoomSettings settings_of(const json& payload) {
  chat::RoomSettings settings;
  settings.emote_only = flag_of(payload, "emote_mode");
  settings.subs_only = flag_of(payload, "subscriber_mode");
  settings.unique = flag_of(payload, "unique_chat_mode");
  if (flag_of(payload, "follower_mode"))
    settings.followers_only =
        static_cast<std::int32_t>(number_of(payload, "follower_mode_duration_minutes", 0));
  if (flag_of(payload, "slow_mode"))
    settings.slow = static_cast<std::uint32_t>(number_of(payload, "slow_mode_wait_time_seconds", 0));
  return settings;
}

struct RoleEvent {
  std::string_view name;
  Role role;
  bool given;
};
constexpr std::array role_events{RoleEvent{"channel.moderator.add", Role::moderator, true},
                                 RoleEvent{"channel.moderator.remove", Role::moderator, false},
                                 RoleEvent{"channel.vip.add", Role::vip, true},
                                 RoleEvent{"channel.vip.remove", Role::vip, false}};

bool apply_role(const store::Event& event, const json& payload, chat::Room& room) {
  for (const RoleEvent& change : role_events) {
    if (change.name != event.name) continue;
    const chat::User user = user_of(payload);
    if (change.given) {
      room.standing().grant(change.role, user.id, user.login);
    } else {
      room.standing().revoke(change.role, user.id);
    }
    return true;
  }
  return false;
}

std::optional<Wall> end_of_ban(const json& payload) {
  if (flag_of(payload, "is_permanent")) return std::nullopt;
  const auto at = parse_rfc3339(text_of(payload, "ends_at"));
  return at ? std::optional(*at) : std::nullopt;
}
}  // namespace

bool apply_to_room(const store::Event& event, chat::Room& room) {
  const json payload = json::parse(event.payload, nullptr, false);
  if (event.name == "channel.ban") {
    room.ban(user_of(payload), end_of_ban(payload), event.at);
  } else if (event.name == "channel.unban") {
    room.standing().lift(user_of(payload).id);
  } else if (event.name == "channel.chat_settings.update") {
    room.change_settings(settings_of(payload));
  } else if (event.name == "evasion.settings.update") {
    if (const auto action = platform::parse_ban_evasion(text_of(payload, "ban_evasion")))
      room.standing().evasion = *action;
  } else if (event.name == "channel.chat.message_delete") {
    const std::string id = text_of(payload, "message_id");
    const chat::MessagePtr message = room.history().find(id);
    room.remove_message(id, text_of(payload, "target_user_login"), message ? chat::as_said(*message) : "",
                        event.at);
  } else if (event.name == "channel.chat.clear") {
    room.clear(event.at);
  } else {
    return apply_role(event, payload, room);
  }
  return true;
}

std::string_view act_of(const store::Event& event) {
  struct Named {
    std::string_view event, act;
  };
  constexpr std::array named{Named{"channel.moderator.add", "mod"},
                             Named{"channel.moderator.remove", "unmod"},
                             Named{"channel.vip.add", "vip"},
                             Named{"channel.vip.remove", "unvip"},
                             Named{"channel.chat.message_delete", "delete"},
                             Named{"channel.chat.clear", "clear"},
                             Named{"channel.chat_settings.update", "settings"},
                             Named{"automod.settings.update", "automod_settings"},
                             Named{"evasion.settings.update", "evasion_settings"}};
  for (const Named& each : named)
    if (each.event == event.name) return each.act;
  const json payload = json::parse(event.payload, nullptr, false);
  if (event.name == "channel.ban") return flag_of(payload, "is_permanent") ? "ban" : "timeout";
  if (event.name == "channel.unban") return flag_of(payload, "was_permanent") ? "unban" : "untimeout";
  if (event.name != "automod.message.update") return {};
  const std::string status = text_of(payload, "status");  // one that expired nobody decided on
  return status == "approved" ? "approve" : status == "denied" ? "deny" : "";
}

std::optional<chatlog::TakenOff> taken_off_by(const store::Event& event) {
  chatlog::TakenOff taken{.channel = event.channel, .at = event.at, .cursor = event.cursor.value()};
  if (event.name == "channel.chat.clear") return taken;
  const json payload = json::parse(event.payload, nullptr, false);
  if (event.name == "channel.ban") {
    taken.author = user_of(payload).id;
    return taken;
  }
  if (event.name != "channel.chat.message_delete") return std::nullopt;
  taken.message = text_of(payload, "message_id");
  return taken;
}

}  // namespace sluice::chatd
