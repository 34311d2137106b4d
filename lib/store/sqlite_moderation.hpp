#pragma once
// What moderation keeps, on SQLite: each class is defined in the file of its theme (sqlite_roles.cpp …).
#include "store/sqlite_core.hpp"
#include "store/store.hpp"

namespace sluice::store {

class SqliteRoles final : public Roles {
 public:
  explicit SqliteRoles(SqliteCore& core) : core_(core) {}
  Result<bool> grant(ChannelId channel, UserId user, Role role, const Actor& actor,
                     std::string_view reason) override;
  Result<bool> revoke(ChannelId channel, UserId user, Role role, const Actor& actor,
                      std::string_view reason) override;
  Result<std::optional<Role>> of(ChannelId channel, UserId user) override;
  Result<std::vector<RoleHolder>> of_channel(ChannelId channel) override;
  Result<std::vector<RoleHolder>> of_user(UserId user) override;

 private:
  SqliteCore& core_;
};

}  // namespace sluice::store
