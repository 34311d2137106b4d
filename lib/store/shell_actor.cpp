#include "store/shell_actor.hpp"

#include <pwd.h>
#include <unistd.h>

namespace sluice::store {

Actor actor_at_shell() {
  const passwd* entry = ::getpwuid(::geteuid());
  std::string name = entry ? entry->pw_name : std::to_string(::geteuid());
  return {.user = UserId(), .name = "unix:" + name, .address = "local"};
}

}  // namespace sluice::store
