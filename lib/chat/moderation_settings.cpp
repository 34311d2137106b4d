// What a room is set to: its modes, how strict AutoMod is in it, what is done about ban evasion.
#include "chat/moderation.hpp"
#include "chat/moderation_answers.hpp"
#include "chat/room_modes.hpp"
#include "platform/room_keys.hpp"

namespace sluice::chat {

namespace {
std::string late_text(platform::AtDeadline at_deadline) {
  return at_deadline == platform::AtDeadline::hold ? "is held" : "is let through";
}

std::string evasion_text(platform::BanEvasion action) {
  switch (action) {
    case platform::BanEvasion::off:
      return "Nobody is looked for who may be avoiding a ban.";
    case platform::BanEvasion::flag:
      return "Who may be avoiding a ban is flagged.";
    case platform::BanEvasion::hold:
      break;
  }
  return "Who may be avoiding a ban is flagged, and what is said is held.";
}
}  // namespace

// The room is told of the change, and who is in it hears that; the answer is for one who is not. Whether it
// was so already is the store's to say: the room hears of changes later, and not of its own only.
void Moderation::change_settings(const Room& room, const By& by, const SlashCommand& command, Answer answer) {
  const auto done = [command, answer](const Result<ChangedSettings>& changed) {
    if (!changed && changed.error().code == Errc::invalid)
      return answer({std::string(command.rule->usage_id), changed.error().what});
    if (!changed) return answer(failed(changed.error(), {}));
    const auto notices = mode_notices(changed->before, changed->after);
    answer(notices.empty() ? already(command, changed->after)
                           : Notice{notices.front().id, notices.front().text, true});
  };
  acts_.change_settings(room.channel().id, by, mode_patch(command), done);
}

void Moderation::change_automod(const Room& room, const By& by, const SlashCommand& command,
                                const Answer& answer) {
  if (command.rule->act == Act::automod_level && !command.number)
    return acts_.policy(room.channel().id, [answer](const Result<RoomPolicy>& policy) {
      if (!policy) return answer(failed(policy.error(), {}));
      answer({"automod_level", "AutoMod's level here is " + std::to_string(policy->automod.level) +
                                   ", of 0 (lets most pass) to 4 (strictest)."});
    });
  platform::AutomodPatch patch;
  if (command.rule->act == Act::automod_level) {
    patch.level = command.number;
  } else {
    patch.at_deadline = command.verb == "hold" ? platform::AtDeadline::hold : platform::AtDeadline::allow;
  }
  acts_.change_automod(room.channel().id, by, patch,
                       [answer, level = patch.level.has_value()](const Result<ChangedAutomod>& changed) {
                         if (!changed) return answer(failed(changed.error(), {}));
                         const std::string is = changed->before == changed->after ? " already " : " now ";
                         if (level)
                           return answer({"automod_level", "AutoMod's level here is" + is +
                                                               std::to_string(changed->after.level) + "."});
                         answer({"automod_late", "What AutoMod has not judged in time" + is +
                                                     late_text(changed->after.at_deadline) + " here."});
                       });
}

void Moderation::change_evasion(const Room& room, const By& by, const SlashCommand& command,
                                const Answer& answer) {
  const auto action = platform::parse_ban_evasion(command.verb);
  acts_.change_evasion(room.channel().id, by, *action, [answer, action = *action](Result<> changed) {
    if (!changed) return answer(failed(changed.error(), {}));
    answer({"ban_evasion", evasion_text(action)});
  });
}

void Moderation::list_settings(const Room& room, const Answer& answer) {
  acts_.policy(room.channel().id, [answer](const Result<RoomPolicy>& policy) {
    if (!policy) return answer(failed(policy.error(), {}));
    auto keys = platform::room_keys(policy->modes, policy->automod);
    keys.push_back(platform::evasion_key(policy->evasion));
    std::string list;
    for (const platform::RoomKey& each : keys)
      list.append(list.empty() ? "" : ", ").append(each.key + " " + each.value);
    answer({"room_settings", "This room is set to: " + list + "."});
  });
}

}  // namespace sluice::chat
