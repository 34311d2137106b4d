// bits grant, bits show, cheer, cheerers.
#include <fmt/format.h>

#include "app/run.hpp"
#include "each_user.hpp"

namespace sluice::subctl {

namespace {
app::Json cheer_json(const store::Cheered& cheered) {
  return {{"channel", cheered.cheer.channel_name},
          {"user", cheered.cheer.user_name},
          {"user_id", std::to_string(cheered.cheer.user.value())},
          {"bits", cheered.cheer.bits},
          {"anonymous", cheered.cheer.anonymous},
          {"message_id", cheered.cheer.message_id},
          {"state", store::name(cheered.cheer.state)},
          {"total", cheered.total},
          {"balance", cheered.balance},
          {"repeated", cheered.repeated}};
}

std::string counted(std::int64_t bits) {
  return fmt::format("{} bit{}", bits, bits == 1 ? "" : "s");
}
}  // namespace

Result<int> grant_bits(const app::Settings& settings, Platform& platform) {
  return act_on_each(settings, platform, [&](const store::User& user) -> Result<Outcome> {
    SLUICE_TRY_VALUE(
        const store::Granted granted,
        platform.store->bits().grant(user.id, settings.integer("amount"), settings.text("reason"),
                                     platform.actor, key_for(settings, user)));
    return Outcome{fmt::format("{} is granted {} and has {}{}", user.name, counted(granted.bits),
                               granted.balance, granted.repeated ? ", as before" : ""),
                   {{"user", user.name},
                    {"user_id", std::to_string(user.id.value())},
                    {"bits", granted.bits},
                    {"balance", granted.balance},
                    {"repeated", granted.repeated}}};
  });
}

Result<int> show_bits(const app::Settings& settings, Platform& platform) {
  return act_on_each(settings, platform, [&](const store::User& user) -> Result<Outcome> {
    SLUICE_TRY_VALUE(const auto balance, platform.store->bits().balance(user.id));
    return Outcome{balance ? fmt::format("{} has {}", user.name, counted(*balance))
                           : fmt::format("{} never had bits", user.name),
                   {{"user", user.name},
                    {"user_id", std::to_string(user.id.value())},
                    {"balance", balance ? app::Json(*balance) : app::Json()}}};
  });
}

Result<int> cheer(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  SLUICE_TRY_VALUE(const store::User user, named_user(platform, settings.positional("USER")));
  SLUICE_TRY_VALUE(const store::Cheered cheered,
                   platform.store->bits().cheer({.channel = channel.id,
                                                 .user = user.id,
                                                 .text = settings.text("message"),
                                                 .anonymous = settings.flag("anonymous")},
                                                platform.actor, settings.text("key")));
  const bool returned = cheered.cheer.state == store::CheerState::returned;
  tell(settings, cheer_json(cheered),
       returned ? fmt::format("{} cheered {} with {}, which were given back, and has {}", user.name,
                              channel.name, counted(cheered.cheer.bits), cheered.balance)
                : fmt::format("{} cheers {} with {} and has {} left{}", user.name, channel.name,
                              counted(cheered.cheer.bits), cheered.balance,
                              cheered.repeated ? ", as before" : ""));
  return app::exit_done;
}

Result<int> cheerers(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  SLUICE_TRY_VALUE(
      const std::vector<store::Cheerer> all,
      platform.store->bits().of_channel(channel.id, static_cast<std::size_t>(settings.integer("limit"))));
  std::vector<std::vector<std::string>> rows{{"NAME", "BITS", "BADGE"}};
  for (const store::Cheerer& each : all) {
    const std::int64_t badge = platform::bits_badge(each.bits);
    if (settings.flag("json"))
      app::print_json({{"channel", channel.name},
                       {"user", each.user_name},
                       {"user_id", std::to_string(each.user.value())},
                       {"bits", each.bits},
                       {"badge", badge},
                       {"metal", platform::bits_metal(badge)}});
    rows.push_back({each.user_name, std::to_string(each.bits),
                    fmt::format("{} {}", platform::bits_metal(badge), badge)});
  }
  if (!settings.flag("json")) app::print_table(rows);
  return app::exit_done;
}

}  // namespace sluice::subctl
