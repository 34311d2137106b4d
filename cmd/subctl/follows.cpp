// follow, unfollow, followers.
#include <fmt/format.h>

#include "app/run.hpp"
#include "each_user.hpp"

namespace sluice::subctl {

namespace {
constexpr std::size_t follows_at_once = 1000;

app::Json outcome_json(const store::Channel& channel, const store::User& user, bool follows, bool changed) {
  return {{"channel", channel.name}, {"user", user.name}, {"follows", follows}, {"changed", changed}};
}

app::Json follow_json(const store::Follow& follow) {
  return {{"channel", follow.channel_name},
          {"user", follow.user_name},
          {"user_id", std::to_string(follow.user.value())},
          {"display_name", follow.user_display_name},
          {"since", format_rfc3339(follow.since)}};
}
}  // namespace

Result<int> follow(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  return act_on_each(settings, platform, [&](const store::User& user) -> Result<Outcome> {
    SLUICE_TRY_VALUE(const bool changed, platform.store->follows().follow(channel.id, user.id));
    return Outcome{fmt::format("{} follows {}{}", user.name, channel.name, changed ? "" : " already"),
                   outcome_json(channel, user, true, changed)};
  });
}

Result<int> unfollow(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  return act_on_each(settings, platform, [&](const store::User& user) -> Result<Outcome> {
    SLUICE_TRY_VALUE(const bool changed, platform.store->follows().unfollow(channel.id, user.id));
    return Outcome{
        fmt::format("{} {} {}", user.name, changed ? "follows no more" : "did not follow", channel.name),
        outcome_json(channel, user, false, changed)};
  });
}

Result<int> followers(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  const bool json = settings.flag("json");
  std::vector<std::vector<std::string>> rows{{"NAME", "DISPLAY NAME", "SINCE"}};
  std::optional<store::FollowPlace> behind;
  for (auto left = static_cast<std::size_t>(settings.integer("limit")); left > 0;) {
    SLUICE_TRY_VALUE(const std::vector<store::Follow> follows,
                     platform.store->follows().of_channel(channel.id, behind, std::min(left, follows_at_once)));
    for (const store::Follow& each : follows) {
      if (json) app::print_json(follow_json(each));
      if (!json) rows.push_back({each.user_name, each.user_display_name, format_rfc3339(each.since)});
    }
    if (follows.empty()) break;
    behind = {follows.back().since, follows.back().user};
    left -= follows.size();
  }
  if (!json) app::print_table(rows);
  return app::exit_done;
}

}  // namespace sluice::subctl
