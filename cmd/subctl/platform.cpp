#include "app/platform.hpp"

#include "commands.hpp"
#include "store/shell.hpp"

namespace sluice::subctl {

Result<Platform> open_platform(const app::Settings& settings) {
  app::Platform place = app::platform_of(settings);
  SLUICE_TRY(store::check_is_there(place.store));
  Platform platform{.actor = store::actor_at_shell()};
  SLUICE_TRY_VALUE(platform.store, store::open_store(place.store));
  SLUICE_TRY_VALUE(platform.bus, bus::open_bus(place.bus));
  platform.store->on_events = [bus = platform.bus.get()](store::Cursor cursor) { bus->nudge(cursor); };
  return platform;
}

Result<store::User> named_user(Platform& platform, const std::string& name) {
  return store::typed_user(*platform.store, name);
}

Result<store::Channel> named_channel(Platform& platform, const app::Settings& settings) {
  return store::typed_channel(*platform.store, settings.positional("CHANNEL"));
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
