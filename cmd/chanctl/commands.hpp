#pragma once
// chanctl's commands: each takes what was asked for and the open platform, prints its answer on standard
// output and returns the exit code, or the error.
#include <memory>

#include "app/options.hpp"
#include "base/result.hpp"
#include "bus/bus.hpp"
#include "store/store.hpp"

namespace sluice::chanctl {

struct Platform {
  std::unique_ptr<bus::Bus> bus;
  std::unique_ptr<store::Store> store;  // its events nudge the bus
  store::Actor actor;                   // who runs this
};

// Opens the store, making it when there is none.
Result<Platform> open_platform(const app::Settings& settings);

Result<int> user_add(const app::Settings&, Platform&);
Result<int> user_list(const app::Settings&, Platform&);
Result<int> channel_add(const app::Settings&, Platform&);
Result<int> channel_list(const app::Settings&, Platform&);
Result<int> channel_show(const app::Settings&, Platform&);
Result<int> channel_set_title(const app::Settings&, Platform&);
Result<int> key_rotate(const app::Settings&, Platform&);
Result<int> passphrase_set(const app::Settings&, Platform&);
Result<int> passphrase_clear(const app::Settings&, Platform&);
Result<int> token_issue(const app::Settings&, Platform&);
Result<int> token_revoke(const app::Settings&, Platform&);
Result<int> token_list(const app::Settings&, Platform&);
Result<int> color(const app::Settings&, Platform&);
Result<int> bot(const app::Settings&, Platform&);
Result<int> premium(const app::Settings&, Platform&);
Result<int> emote_add(const app::Settings&, Platform&);
Result<int> emote_remove(const app::Settings&, Platform&);
Result<int> emote_list(const app::Settings&, Platform&);
Result<int> emote_grant(const app::Settings&, Platform&);
Result<int> emote_revoke(const app::Settings&, Platform&);
Result<int> emote_grants(const app::Settings&, Platform&);
Result<int> events(const app::Settings&, Platform&);

// With the hint that a person at a shell needs.
Result<store::User> named_user(Platform& platform, const std::string& name);
Result<store::Channel> named_channel(Platform& platform, const std::string& name);

}  // namespace sluice::chanctl
