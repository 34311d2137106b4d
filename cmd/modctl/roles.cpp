// mod, unmod, vip, unvip, mods, vips: who is what in a channel.
#include <fmt/format.h>

#include "commands.hpp"
#include "each_line.hpp"
#include "output.hpp"

namespace sluice::modctl {

namespace {
using store::Role;

const char* with_article(Role role) {
  return role == Role::moderator ? "a moderator" : "a VIP";
}

// As in chat: first the ban goes, then the role comes.
Result<> check_not_banned(Platform& platform, const store::Channel& channel, const store::User& user) {
  SLUICE_TRY_VALUE(const auto ban, platform.store->bans().find(channel.id, user.id));
  if (!ban) return {};
  return fail(Errc::conflict, fmt::format("{} is banned from {}", user.name, channel.name),
              fmt::format("modctl unban {} {}", channel.name, user.name));
}

Result<int> change(const app::Settings& settings, Platform& platform, Role role, bool give) {
  SLUICE_TRY_VALUE(const store::Channel channel,
                   channel_to_act_in(platform, settings.positional("CHANNEL"), Needed::broadcaster));
  const auto act = [&](const std::string& name) -> Result<Outcome> {
    SLUICE_TRY_VALUE(const store::User user, named_user(platform, name));
    if (give) SLUICE_TRY(check_not_banned(platform, channel, user));
    store::Roles& roles = platform.store->roles();
    const std::string reason = settings.text("reason");
    SLUICE_TRY_VALUE(const bool changed,
                     give ? roles.grant(channel.id, user.id, role, platform.actor, reason)
                          : roles.revoke(channel.id, user.id, role, platform.actor, reason));
    const char* state = give ? (changed ? "is now" : "is already") : (changed ? "is no longer" : "is not");
    return Outcome{fmt::format("{} {} {} of {}", user.name, state, with_article(role), channel.name),
                   {{"channel", channel.name}, {"role", store::name(role)}},
                   changed};
  };
  return act_on_each(settings, "user", settings.positional("USER"), act);
}

Result<int> list_holders(const app::Settings& settings, Platform& platform, Role role) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  SLUICE_TRY_VALUE(const auto holders, platform.store->roles().of_channel(channel.id));
  std::vector<std::vector<std::string>> rows{{"USER", "DISPLAY NAME", "SINCE"}};
  for (const store::RoleHolder& holder : holders) {
    if (holder.role != role) continue;
    if (settings.flag("json"))
      print_json({{"channel", channel.name},
                  {"user", holder.user_name},
                  {"user_id", id_text(holder.user.value())},
                  {"role", store::name(role)},
                  {"since", format_rfc3339(holder.since)}});
    rows.push_back({holder.user_name, holder.user_display_name, format_rfc3339(holder.since)});
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}
}  // namespace

Result<int> mod(const app::Settings& settings, Platform& platform) {
  return change(settings, platform, Role::moderator, true);
}
Result<int> unmod(const app::Settings& settings, Platform& platform) {
  return change(settings, platform, Role::moderator, false);
}
Result<int> vip(const app::Settings& settings, Platform& platform) {
  return change(settings, platform, Role::vip, true);
}
Result<int> unvip(const app::Settings& settings, Platform& platform) {
  return change(settings, platform, Role::vip, false);
}
Result<int> mods(const app::Settings& settings, Platform& platform) {
  return list_holders(settings, platform, Role::moderator);
}
Result<int> vips(const app::Settings& settings, Platform& platform) {
  return list_holders(settings, platform, Role::vip);
}

}  // namespace sluice::modctl
