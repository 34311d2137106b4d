#pragma once
// Roles: who is a moderator or VIP of a channel. The broadcaster is neither, being both; and nobody is both.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/audit.hpp"

namespace sluice::store {

enum class Role { moderator, vip };
std::string_view name(Role role);  // "moderator", "vip"

struct RoleHolder {
  ChannelId channel;
  std::string channel_name;
  UserId user;
  std::string user_name;
  std::string user_display_name;
  Role role = Role::moderator;
  Wall since;
};

class Roles {
 public:
  virtual ~Roles() = default;
  // True when something changed: it is audited then (mod.add, mod.remove, vip.add, vip.remove) and emits
  // channel.moderator.add and the like. Errc::not_found for the channel or user, Errc::invalid for a reason
  // of more than 500 characters. Besides, grant(): Errc::invalid for the broadcaster, Errc::conflict for who
  // has the other role.
  virtual Result<bool> grant(ChannelId channel, UserId user, Role role, const Actor& actor,
                             std::string_view reason) = 0;
  virtual Result<bool> revoke(ChannelId channel, UserId user, Role role, const Actor& actor,
                              std::string_view reason) = 0;
  virtual Result<std::optional<Role>> of(ChannelId channel, UserId user) = 0;
  virtual Result<std::vector<RoleHolder>> of_channel(ChannelId channel) = 0;  // by the users' names
  virtual Result<std::vector<RoleHolder>> of_user(UserId user) = 0;           // by the channels' names
};

}  // namespace sluice::store
