#include "app/platform.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "commands.hpp"
#include "store/shell_actor.hpp"

namespace sluice::subctl {

namespace {
// A store that is made here would have nobody in it.
Result<> check_there(const std::string& url) {
  constexpr std::string_view scheme = "sqlite:";
  if (!url.starts_with(scheme) || std::filesystem::exists(url.substr(scheme.size()))) return {};
  return fail(Errc::not_found, fmt::format("there is no platform at {}", url.substr(scheme.size())),
              "give its folder with --dir; sluice up, or chanctl, makes one");
}
}  // namespace

Result<Platform> open_platform(const app::Settings& settings) {
  app::Platform place = app::platform_of(settings);
  SLUICE_TRY(check_there(place.store));
  Platform platform{.actor = store::actor_at_shell()};
  SLUICE_TRY_VALUE(platform.store, store::open_store(place.store));
  SLUICE_TRY_VALUE(platform.bus, bus::open_bus(place.bus));
  platform.store->on_events = [bus = platform.bus.get()](store::Cursor cursor) { bus->nudge(cursor); };
  return platform;
}

Result<store::User> named_user(Platform& platform, const std::string& name) {
  auto user = platform.store->users().by_name(name);
  if (!user && user.error().code == Errc::not_found)
    user.error().hint = "chanctl user list shows those there are";
  return user;
}

Result<store::Channel> named_channel(Platform& platform, const app::Settings& settings) {
  auto channel = platform.store->channels().by_name(settings.positional("CHANNEL"));
  if (!channel && channel.error().code == Errc::not_found)
    channel.error().hint = "chanctl channel list shows those there are";
  return channel;
}

void tell(const app::Settings& settings, const app::Json& object, const std::string& text) {
  settings.flag("json") ? app::print_json(object) : app::print_line(text);
}

app::Json json_of(const store::Subscription& subscription, Wall now) {
  return {{"channel", subscription.channel_name},
          {"user", subscription.user_name},
          {"user_id", std::to_string(subscription.user.value())},
          {"plan", platform::name(subscription.plan)},
          {"tier", platform::tier(subscription.plan)},
          {"active", subscription.active(now)},
          {"since", format_rfc3339(subscription.since)},
          {"expires_at", format_rfc3339(subscription.expires_at)},
          {"months", subscription.months},
          {"streak", subscription.streak},
          {"shared", subscription.shared},
          {"gift_id", subscription.gift == store::GiftId()
                          ? app::Json()
                          : app::Json(std::to_string(subscription.gift.value()))}};
}

}  // namespace sluice::subctl
