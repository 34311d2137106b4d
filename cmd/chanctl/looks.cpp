// color, bot and premium: how people look in chat, and how fast bots may speak.
#include <fmt/format.h>

#include "commands.hpp"
#include "output.hpp"

namespace sluice::chanctl {

Result<int> color(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(store::User user, named_user(platform, settings.positional("USER")));
  SLUICE_TRY_VALUE(user, platform.store->users().set_color(user.id, settings.positional("COLOR")));
  tell(settings, json_of(user),
       user.color.empty() ? fmt::format("{} has no color of its own", user.name)
                          : fmt::format("{} is {}", user.name, user.color));
  return 0;
}

Result<int> bot(const app::Settings& settings, Platform& platform) {
  const std::string wanted = settings.positional("STATE");
  if (wanted != "on" && wanted != "off")
    return fail(Errc::usage, fmt::format("\"{}\" is neither on nor off", wanted), "give on or off");
  SLUICE_TRY_VALUE(store::User user, named_user(platform, settings.positional("USER")));
  SLUICE_TRY(platform.store->users().set_bot(user.id, wanted == "on", platform.actor));
  user.bot = wanted == "on";
  tell(settings, json_of(user), fmt::format("{} is {} verified bot", user.name, user.bot ? "a" : "no"));
  return 0;
}

Result<int> premium(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const platform::Premium wanted, platform::parse_premium(settings.positional("PLAN")));
  SLUICE_TRY_VALUE(store::User user, named_user(platform, settings.positional("USER")));
  SLUICE_TRY(platform.store->users().set_premium(user.id, wanted, platform.actor));
  user.premium = wanted;
  const bool none = wanted == platform::Premium::none;
  tell(settings, json_of(user),
       fmt::format("{} has {}", user.name, none ? "neither turbo nor prime" : platform::name(wanted)));
  return 0;
}

}  // namespace sluice::chanctl
