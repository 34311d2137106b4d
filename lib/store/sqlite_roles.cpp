#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
std::string select_roles(std::string_view rest) {
  return fmt::format(
      "SELECT r.channel_id, c.name, r.user_id, u.name, u.display_name, r.role, r.since_ms FROM roles r "
      "JOIN channels c ON c.id = r.channel_id JOIN users u ON u.id = r.user_id {}",
      rest);
}

Role role_named(std::string_view text) {
  return text == "vip" ? Role::vip : Role::moderator;
}

RoleHolder holder_of(sqlite::Statement& row) {
  return {.channel = ChannelId(row.integer(0)),
          .channel_name = row.text(1),
          .user = UserId(row.integer(2)),
          .user_name = row.text(3),
          .user_display_name = row.text(4),
          .role = role_named(row.text(5)),
          .since = from_ms(row.integer(6))};
}

Result<std::optional<Role>> role_of(sqlite::Database& db, ChannelId channel, UserId user) {
  SLUICE_TRY_VALUE(
      sqlite::Statement row,
      db.query("SELECT role FROM roles WHERE channel_id = ? AND user_id = ?", channel.value(), user.value()));
  SLUICE_TRY_VALUE(bool found, row.step());
  return found ? std::optional(role_named(row.text(0))) : std::nullopt;
}

// Audits and tells that `user` was given or lost the role: `what` is "add" or "remove".
Result<> tell(Change& change, const Channel& channel, const User& user, Role role, std::string_view what,
              const Actor& actor, std::string_view reason) {
  std::string action = fmt::format("{}.{}", role == Role::moderator ? "mod" : "vip", what);
  SLUICE_TRY(append_audit(change, act_on(channel, user, actor, action, reason)));
  SLUICE_TRY_VALUE(User by, acting_user(change.db, actor));
  nlohmann::json payload = act_payload(channel, by);
  put_user(payload, "", user);
  SLUICE_TRY(change.emit(fmt::format("channel.{}.{}", name(role), what), channel.id, payload));
  return {};
}
}  // namespace

std::string_view name(Role role) {
  return role == Role::moderator ? "moderator" : "vip";
}

Result<bool> SqliteRoles::grant(ChannelId channel_id, UserId user_id, Role role, const Actor& actor,
                                std::string_view typed_reason) {
  SLUICE_TRY_VALUE(std::string reason, platform::reason(typed_reason));
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
    SLUICE_TRY_VALUE(User user, user_by_id(change.db, user_id));
    if (channel.owner == user_id)
      return fail(Errc::invalid, fmt::format("{} is the broadcaster of {}, and can be no {}", user.name,
                                             channel.name, name(role)));
    SLUICE_TRY_VALUE(std::optional<Role> held, role_of(change.db, channel_id, user_id));
    if (held == role) return false;
    if (held)
      return fail(Errc::conflict, fmt::format("{} is a {} of {}", user.name, name(*held), channel.name),
                  "take that role away first");
    SLUICE_TRY(change.db.run("INSERT INTO roles (channel_id, user_id, role, since_ms) VALUES (?, ?, ?, ?)",
                             channel_id.value(), user_id.value(), name(role), to_ms(change.now)));
    SLUICE_TRY(tell(change, channel, user, role, "add", actor, reason));
    return true;
  });
}

Result<bool> SqliteRoles::revoke(ChannelId channel_id, UserId user_id, Role role, const Actor& actor,
                                 std::string_view typed_reason) {
  SLUICE_TRY_VALUE(std::string reason, platform::reason(typed_reason));
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
    SLUICE_TRY_VALUE(User user, user_by_id(change.db, user_id));
    SLUICE_TRY(change.db.run("DELETE FROM roles WHERE channel_id = ? AND user_id = ? AND role = ?",
                             channel_id.value(), user_id.value(), name(role)));
    if (change.db.changes() == 0) return false;
    SLUICE_TRY(tell(change, channel, user, role, "remove", actor, reason));
    return true;
  });
}

Result<std::optional<Role>> SqliteRoles::of(ChannelId channel, UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) { return role_of(db, channel, user); });
}

Result<std::vector<RoleHolder>> SqliteRoles::of_channel(ChannelId channel) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query(select_roles("WHERE r.channel_id = ? ORDER BY u.name"), channel.value()),
                   holder_of);
  });
}

Result<std::vector<RoleHolder>> SqliteRoles::of_user(UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query(select_roles("WHERE r.user_id = ? ORDER BY c.name"), user.value()), holder_of);
  });
}

}  // namespace sluice::store
