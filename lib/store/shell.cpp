#include "store/shell.hpp"

#include <filesystem>

#include <pwd.h>
#include <unistd.h>

namespace sluice::store {

Actor actor_at_shell() {
  const passwd* entry = ::getpwuid(::geteuid());
  std::string name = entry ? entry->pw_name : std::to_string(::geteuid());
  return {.user = UserId(), .name = "unix:" + name, .address = "local"};
}

Result<> check_is_there(const std::string& url) {
  constexpr std::string_view scheme = "sqlite:";
  if (!url.starts_with(scheme)) return {};
  const std::string path = url.substr(scheme.size());
  std::error_code unknown;
  if (std::filesystem::exists(path, unknown) || unknown) return {};
  return fail(Errc::not_found, "there is no platform: no " + path,
              "name its folder by --dir or SLUICE_DIR; chanctl or sluice up makes one");
}

Result<User> typed_user(Store& store, const std::string& name) {
  auto user = store.users().by_name(name);
  if (!user && user.error().code == Errc::not_found)
    user.error().hint = "chanctl user list shows those there are";
  return user;
}

Result<Channel> typed_channel(Store& store, const std::string& name) {
  auto channel = store.channels().by_name(name);
  if (!channel && channel.error().code == Errc::not_found)
    channel.error().hint = "chanctl channel list shows those there are";
  return channel;
}

}  // namespace sluice::store
