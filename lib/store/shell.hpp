#pragma once
// What the tools at a machine's own shell share: who acts, and what is named there.
#include <string>

#include "base/result.hpp"
#include "store/store.hpp"

namespace sluice::store {

// "unix:NAME" of who runs this process, from "local": no user of the platform.
Actor actor_at_shell();

// Opening a store makes it. Errc::not_found: no file is there yet, and the tool is to say so.
Result<> check_is_there(const std::string& url);

// By name, as they were typed. Errc::not_found with a hint for whoever typed it, besides the store's errors.
Result<User> typed_user(Store& store, const std::string& name);
Result<Channel> typed_channel(Store& store, const std::string& name);

}  // namespace sluice::store
