// ban, timeout, unban, bans: who may not speak.
#include <fmt/format.h>

#include "chat/slash_command.hpp"
#include "commands.hpp"
#include "each_line.hpp"
#include "output.hpp"
#include "surroundings.hpp"

namespace sluice::modctl {

namespace {
Json more_of(const store::Channel& channel, const store::Ban& ban) {
  return {{"channel", channel.name}, {"until", time_or_null(ban.until)}, {"audit_id", ban.audit_id}};
}

// `duration`: none for ever.
Result<int> ban_for(const app::Settings& settings, Platform& platform, std::optional<seconds> duration) {
  SLUICE_TRY_VALUE(const store::Channel channel,
                   channel_to_act_in(platform, settings.positional("CHANNEL"), Needed::moderator));
  SLUICE_TRY_VALUE(const Surroundings around, Surroundings::read(platform, channel));
  const auto act = [&](const std::string& name) -> Result<Outcome> {
    SLUICE_TRY_VALUE(const store::User user, named_user(platform, name));
    SLUICE_TRY(check_may_act_on(platform, channel, user));
    auto done = platform.store->bans().ban(channel.id, user.id, duration, settings.text("reason"),
                                           platform.actor, around.of(user.name));
    if (!done && done.error().code == Errc::exists)
      return Outcome{fmt::format("{} is banned from {} already", user.name, channel.name),
                     {{"channel", channel.name}, {"until", nullptr}},
                     false};
    if (!done) return std::unexpected(std::move(done).error());
    return Outcome{duration ? fmt::format("timed {} out in {} until {}", user.name, channel.name,
                                          format_rfc3339(*done->until))
                            : fmt::format("banned {} from {}", user.name, channel.name),
                   more_of(channel, *done)};
  };
  return act_on_each(settings, "user", settings.positional("USER"), act);
}
}  // namespace

Result<int> ban(const app::Settings& settings, Platform& platform) {
  return ban_for(settings, platform, std::nullopt);
}

Result<int> timeout(const app::Settings& settings, Platform& platform) {
  const std::string typed = settings.positional("TIME");
  if (typed.empty()) return ban_for(settings, platform, chat::timeout_default);
  const auto time = chat::parse_span(typed);
  if (!time || *time < seconds(1) || *time > store::longest_timeout)
    return fail(Errc::usage, fmt::format("\"{}\" is no time for a timeout", typed),
                "1s to 14d: 30s, 10m, 1h30m; for ever is a ban");
  return ban_for(settings, platform, time);
}

Result<int> unban(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel,
                   channel_to_act_in(platform, settings.positional("CHANNEL"), Needed::moderator));
  const auto act = [&](const std::string& name) -> Result<Outcome> {
    SLUICE_TRY_VALUE(const store::User user, named_user(platform, name));
    const Json more{{"channel", channel.name}};
    auto lifted = platform.store->bans().lift(channel.id, user.id, settings.text("reason"), platform.actor);
    if (!lifted && lifted.error().code == Errc::not_found)
      return Outcome{fmt::format("{} is not banned from {}", user.name, channel.name), more, false};
    if (!lifted) return std::unexpected(std::move(lifted).error());
    return Outcome{lifted->permanent()
                       ? fmt::format("lifted the ban of {} from {}", user.name, channel.name)
                       : fmt::format("lifted the timeout of {} in {}", user.name, channel.name),
                   more};
  };
  return act_on_each(settings, "user", settings.positional("USER"), act);
}

Result<int> bans(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  std::vector<std::vector<std::string>> rows{{"USER", "UNTIL", "SINCE", "BY", "REASON"}};
  UserId last;
  for (;;) {
    SLUICE_TRY_VALUE(const auto some, platform.store->bans().of_channel(channel.id, last, page));
    for (const store::Ban& ban : some) {
      if (settings.flag("json"))
        print_json({{"channel", channel.name},
                    {"user", ban.user_name},
                    {"user_id", id_text(ban.user.value())},
                    {"until", time_or_null(ban.until)},
                    {"since", format_rfc3339(ban.at)},
                    {"by", json_of(ban.by)},
                    {"reason", ban.reason},
                    {"audit_id", ban.audit_id}});
      else
        rows.push_back(
            {ban.user_name, time_or(ban.until, "for ever"), format_rfc3339(ban.at), ban.by.name, ban.reason});
    }
    if (some.size() < page) break;
    last = some.back().user;
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

}  // namespace sluice::modctl
