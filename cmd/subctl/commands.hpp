#pragma once
// subctl's commands: each takes what was asked for and the open platform, prints its answer on standard
// output and returns the exit code, or the error.
#include <memory>
#include <string>

#include "app/options.hpp"
#include "app/print.hpp"
#include "base/result.hpp"
#include "bus/bus.hpp"
#include "store/store.hpp"

namespace sluice::subctl {

struct Platform {
  std::unique_ptr<bus::Bus> bus;
  std::unique_ptr<store::Store> store;  // its events nudge the bus
  store::Actor actor;                   // who runs this
};

// Errc::not_found where there is no platform yet: its people are chanctl's to add.
Result<Platform> open_platform(const app::Settings& settings);

Result<int> tiers(const app::Settings&, Platform&);
Result<int> subscribe(const app::Settings&, Platform&);
Result<int> renew(const app::Settings&, Platform&);
Result<int> share(const app::Settings&, Platform&);
Result<int> gift(const app::Settings&, Platform&);
Result<int> cancel(const app::Settings&, Platform&);
Result<int> list(const app::Settings&, Platform&);
Result<int> show(const app::Settings&, Platform&);
Result<int> follow(const app::Settings&, Platform&);
Result<int> unfollow(const app::Settings&, Platform&);
Result<int> followers(const app::Settings&, Platform&);
Result<int> grant_bits(const app::Settings&, Platform&);
Result<int> show_bits(const app::Settings&, Platform&);
Result<int> cheer(const app::Settings&, Platform&);
Result<int> cheerers(const app::Settings&, Platform&);

// With the hint that a person at a shell needs.
Result<store::User> named_user(Platform& platform, const std::string& name);
Result<store::Channel> named_channel(Platform& platform, const app::Settings& settings);

app::Json json_of(const store::Subscription& subscription, Wall now);
void tell(const app::Settings& settings, const app::Json& object, const std::string& text);

}  // namespace sluice::subctl
