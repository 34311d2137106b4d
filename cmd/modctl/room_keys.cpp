#include "room_keys.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "app/values.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "chat/slash_command.hpp"

namespace sluice::modctl {

namespace {
Result<bool> on_or_off(std::string_view value) {
  if (const auto flag = app::parse_flag(value)) return *flag;
  return fail(Errc::usage, "", "on or off");
}

// A number of units, or a time that is a whole number of them, as slash commands have it.
Result<std::int64_t> time_in(seconds unit, std::string_view value) {
  const auto time = chat::parse_span(value, unit);
  if (time && *time % unit == seconds(0)) return *time / unit;
  return fail(Errc::usage, "",
              unit == seconds(1) ? "off, on, or seconds: 30, 30s, 2m"
                                 : "off, on, or minutes of following: 10, 10m, 7d");
}

Result<> set_slow(RoomPatch& patch, std::string_view value) {
  // 1 is a second, not "on".
  const auto flag = parse_number<std::int64_t>(value) ? std::nullopt : app::parse_flag(value);
  if (flag) {
    patch.modes.slow = *flag ? chat::slow_default.count() : 0;
    return {};
  }
  SLUICE_TRY_VALUE(patch.modes.slow, time_in(seconds(1), value));
  return {};
}

Result<> set_followers_only(RoomPatch& patch, std::string_view value) {
  const auto flag = parse_number<std::int64_t>(value) ? std::nullopt : app::parse_flag(value);
  if (flag) {
    patch.modes.followers_only = *flag ? 0 : -1;
    return {};
  }
  SLUICE_TRY_VALUE(patch.modes.followers_only, time_in(std::chrono::minutes(1), value));
  return {};
}

Result<> set_level(RoomPatch& patch, std::string_view value) {
  const auto level = parse_number<std::int64_t>(value);
  if (!level) return fail(Errc::usage, "", "0 (lets most pass) to 4 (strictest)");
  patch.automod.level = *level;
  return {};
}

Result<> set_at_deadline(RoomPatch& patch, std::string_view value) {
  const auto verdict = platform::parse_at_deadline(value);
  if (!verdict) return fail(Errc::usage, "", verdict.error().hint);
  patch.automod.at_deadline = *verdict;
  return {};
}

Result<> set_evasion(RoomPatch& patch, std::string_view value) {
  const auto action = platform::parse_ban_evasion(value);
  if (!action) return fail(Errc::usage, "", action.error().hint);
  patch.evasion.action = *action;
  return {};
}

template <std::optional<bool> platform::RoomSettingsPatch::*field>
Result<> set_flag(RoomPatch& patch, std::string_view value) {
  SLUICE_TRY_VALUE(patch.modes.*field, on_or_off(value));
  return {};
}

struct Key {
  std::string_view name;
  bool RoomPatch::*part;
  Result<> (*set)(RoomPatch&, std::string_view);  // its error has the hint alone
};
using Modes = platform::RoomSettingsPatch;
constexpr std::array keys{Key{"slow", &RoomPatch::has_modes, set_slow},
                          Key{"followers-only", &RoomPatch::has_modes, set_followers_only},
                          Key{"subs-only", &RoomPatch::has_modes, set_flag<&Modes::subs_only>},
                          Key{"emote-only", &RoomPatch::has_modes, set_flag<&Modes::emote_only>},
                          Key{"unique", &RoomPatch::has_modes, set_flag<&Modes::unique>},
                          Key{"automod-level", &RoomPatch::has_automod, set_level},
                          Key{"automod-at-deadline", &RoomPatch::has_automod, set_at_deadline},
                          Key{"ban-evasion", &RoomPatch::has_evasion, set_evasion}};

std::string all_keys() {
  std::string names;
  for (const Key& key : keys) names.append(names.empty() ? "" : ", ").append(key.name);
  return names;
}
}  // namespace

Result<RoomPatch> parse_room_keys(const std::vector<std::string>& typed) {
  RoomPatch patch;
  std::set<std::string_view> seen;
  for (const std::string& word : typed) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos)
      return fail(Errc::usage, fmt::format("\"{}\" is no KEY=VALUE", legible(word)),
                  "write slow=30, or emote-only=on");
    const std::string_view name = std::string_view(word).substr(0, equals);
    const auto key = std::ranges::find(keys, name, &Key::name);
    if (key == keys.end())
      return fail(Errc::usage, fmt::format("there is no setting \"{}\"", legible(name)), all_keys());
    if (!seen.insert(key->name).second)
      return fail(Errc::usage, fmt::format("{} stands twice", key->name), "give it once");
    if (const auto done = key->set(patch, std::string_view(word).substr(equals + 1)); !done)
      return fail(Errc::usage,
                  fmt::format("{} cannot be \"{}\"", key->name, legible(word.substr(equals + 1))),
                  done.error().hint);
    patch.*key->part = true;
  }
  return patch;
}

}  // namespace sluice::modctl
