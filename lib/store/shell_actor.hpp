#pragma once
// Who acts at the machine's own shell.
#include "store/audit.hpp"

namespace sluice::store {

// "unix:NAME" of who runs this process, from "local": no user of the platform.
Actor actor_at_shell();

}  // namespace sluice::store
