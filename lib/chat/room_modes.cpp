#include "chat/room_modes.hpp"

namespace sluice::chat {

namespace {
struct ModeWords {
  std::string_view id;    // "subs": subs_on, subs_off, already_subs_on, …
  std::string_view name;  // "subscribers-only"
};

ModeWords words_of(Act act) {
  switch (act) {
    case Act::slow:
      return {"slow", "slow"};
    case Act::followers_only:
      return {"followers", "followers-only"};
    case Act::subs_only:
      return {"subs", "subscribers-only"};
    case Act::emote_only:
      return {"emote_only", "emote-only"};
    default:
      return {"r9k", "unique-chat"};
  }
}

Notice switched(Act act, bool on) {
  const ModeWords words = words_of(act);
  return {std::string(words.id) + (on ? "_on" : "_off"), std::string("This room is ") +
                                                             (on ? "now" : "no longer") + " in " +
                                                             std::string(words.name) + " mode."};
}

Notice slow_notice(std::uint32_t wait) {
  if (wait == 0) return switched(Act::slow, false);
  return {"slow_on",
          "This room is now in slow mode. You may send messages every " + span_text(seconds(wait)) + "."};
}

Notice followers_notice(std::int32_t minutes) {
  if (minutes < 0) return switched(Act::followers_only, false);
  if (minutes == 0) return {"followers_on_zero", "This room is now in followers-only mode."};
  return {"followers_on",
          "This room is now in " + span_text(minutes * seconds(60)) + " followers-only mode."};
}
}  // namespace

platform::RoomSettingsPatch mode_patch(const SlashCommand& command) {
  const bool on = command.rule->on;
  const seconds span = command.duration.value_or(seconds(0));
  platform::RoomSettingsPatch patch;
  switch (command.rule->act) {
    case Act::slow:
      patch.slow = on ? span.count() : 0;
      break;
    case Act::followers_only:
      patch.followers_only = on ? span / std::chrono::minutes(1) : -1;
      break;
    case Act::subs_only:
      patch.subs_only = on;
      break;
    case Act::emote_only:
      patch.emote_only = on;
      break;
    case Act::unique:
      patch.unique = on;
      break;
    default:
      break;
  }
  return patch;
}

std::vector<Notice> mode_notices(const platform::RoomSettings& before, const platform::RoomSettings& after) {
  std::vector<Notice> notices;
  if (before.slow != after.slow) notices.push_back(slow_notice(after.slow));
  if (before.followers_only != after.followers_only)
    notices.push_back(followers_notice(after.followers_only));
  if (before.subs_only != after.subs_only) notices.push_back(switched(Act::subs_only, after.subs_only));
  if (before.emote_only != after.emote_only) notices.push_back(switched(Act::emote_only, after.emote_only));
  if (before.unique != after.unique) notices.push_back(switched(Act::unique, after.unique));
  return notices;
}

Notice already(const SlashCommand& command, const platform::RoomSettings& settings) {
  const Act act = command.rule->act;
  const ModeWords words = words_of(act);
  const bool on = command.rule->on;
  Notice notice{std::string(words.id) + (on ? "_on" : "_off"),
                std::string("This room is ") + (on ? "already" : "not") + " in " + std::string(words.name) +
                    " mode" + (command.duration ? " with that time." : ".")};
  if (act == Act::slow) {
    notice.setting = "slow";
    notice.value = std::to_string(settings.slow);
  } else if (act == Act::followers_only) {
    notice.setting = "followers-only";
    notice.value = std::to_string(settings.followers_only);
  } else {
    notice.id = "already_" + notice.id;  // which clients know of the other modes
  }
  return notice;
}

}  // namespace sluice::chat
