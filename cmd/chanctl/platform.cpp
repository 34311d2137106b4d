#include "app/platform.hpp"

#include "commands.hpp"
#include "store/shell.hpp"

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
  return store::typed_user(*platform.store, name);
}

Result<store::Channel> named_channel(Platform& platform, const std::string& name) {
  return store::typed_channel(*platform.store, name);
}

}  // namespace sluice::chanctl
