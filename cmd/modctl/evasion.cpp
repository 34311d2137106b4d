// evasion: who is flagged for what looks like coming back under another name after a ban.
#include <fmt/format.h>

#include "commands.hpp"
#include "each_line.hpp"
#include "output.hpp"

namespace sluice::modctl {

namespace {
Json flag_of(const store::Channel& channel, const store::Evasion& evasion) {
  return {{"channel", channel.name},
          {"user", evasion.user_name},
          {"user_id", id_text(evasion.user.value())},
          {"banned", evasion.banned_name},
          {"banned_id", id_text(evasion.banned.value())},
          {"evaluation", evasion.evaluation()},
          {"matched", platform::name(evasion.matched)},
          {"at", format_rfc3339(evasion.at)},
          {"audit_id", evasion.audit_id},
          {"cleared_at", time_or_null(evasion.cleared_at)},
          {"cleared_by", evasion.cleared_at ? json_of(evasion.cleared_by) : Json()}};
}
}  // namespace

Result<int> evasion_list(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  const bool all = settings.flag("all");
  std::vector<std::vector<std::string>> rows{{"USER", "SAME", "AS", "IS", "SINCE"}};
  if (all) rows.front().push_back("CLEARED");
  UserId last;
  for (;;) {
    SLUICE_TRY_VALUE(const auto some, platform.store->evasions().of_channel(channel.id, all, last, page));
    for (const store::Evasion& each : some) {
      if (settings.flag("json")) print_json(flag_of(channel, each));
      std::vector<std::string> row{each.user_name, std::string(platform::name(each.matched)),
                                   each.banned_name, std::string(each.evaluation()), format_rfc3339(each.at)};
      if (all) row.push_back(time_or(each.cleared_at, "-"));
      rows.push_back(std::move(row));
    }
    if (some.size() < page) break;
    last = some.back().user;
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

Result<int> evasion_clear(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel,
                   channel_to_act_in(platform, settings.positional("CHANNEL"), Needed::moderator));
  const auto act = [&](const std::string& name) -> Result<Outcome> {
    SLUICE_TRY_VALUE(const store::User user, named_user(platform, name));
    auto cleared =
        platform.store->evasions().clear(channel.id, user.id, settings.text("reason"), platform.actor);
    if (!cleared && cleared.error().code == Errc::not_found)
      return Outcome{fmt::format("{} is not flagged in {}", user.name, channel.name),
                     {{"channel", channel.name}},
                     false};
    if (!cleared) return std::unexpected(std::move(cleared).error());
    return Outcome{fmt::format("cleared {} in {}", user.name, channel.name),
                   {{"channel", channel.name}, {"banned", cleared->banned_name}}};
  };
  return act_on_each(settings, "user", settings.positional("USER"), act);
}

}  // namespace sluice::modctl
