#include "app/platform.hpp"

#include "commands.hpp"
#include "store/shell_actor.hpp"

namespace sluice::chanctl {

Result<Platform> open_platform(const app::Settings& settings) {
  app::Platform place = app::platform_of(settings);
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

Result<store::Channel> named_channel(Platform& platform, const std::string& name) {
  auto channel = platform.store->channels().by_name(name);
  if (!channel && channel.error().code == Errc::not_found)
    channel.error().hint = "chanctl channel list shows those there are";
  return channel;
}

}  // namespace sluice::chanctl
