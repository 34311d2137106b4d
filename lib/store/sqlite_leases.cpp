#include <fmt/format.h>

#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
Result<std::optional<Lease>> kept_lease(sqlite::Database& db, std::string_view name) {
  auto lease = first(
      db.query("SELECT name, owner, node, expires_ms FROM leases WHERE name = ?", name),
      [](auto& row) {
        return Lease{row.text(0), row.text(1), row.text(2), from_ms(row.integer(3))};
      },
      "");
  if (lease) return *lease;
  if (lease.error().code == Errc::not_found) return std::nullopt;
  return std::unexpected(lease.error());
}
}  // namespace

std::string channel_lock(ChannelId channel) {
  return fmt::format("stream_lock:{}", channel.value());
}

Result<LeaseGrant> SqliteLeases::take(std::string_view name, std::string_view owner, std::string_view node,
                                      milliseconds lifetime) {
  return core_.write([&](Change& change) -> Result<LeaseGrant> {
    SLUICE_TRY_VALUE(std::optional<Lease> kept, kept_lease(change.db, name));
    LeaseTake how = LeaseTake::fresh;
    if (kept && kept->owner == owner) {
      how = LeaseTake::held;
    } else if (kept && kept->node == node) {
      how = LeaseTake::taken_back;
    } else if (kept && kept->expires_at > change.now) {
      return fail(Errc::conflict, fmt::format("{} is held by node {} for {} ms more", name, kept->node,
                                              (kept->expires_at - change.now).count()));
    } else if (kept) {
      how = LeaseTake::taken_over;
    }
    Lease lease{std::string(name), std::string(owner), std::string(node), change.now + lifetime};
    SLUICE_TRY(
        change.db.run("INSERT OR REPLACE INTO leases (name, owner, node, expires_ms) VALUES (?, ?, ?, ?)",
                      name, owner, node, to_ms(lease.expires_at)));
    return LeaseGrant{std::move(lease), how};
  });
}

Result<Lease> SqliteLeases::renew(std::string_view name, std::string_view owner, milliseconds lifetime) {
  return core_.write([&](Change& change) -> Result<Lease> {
    SLUICE_TRY_VALUE(std::optional<Lease> kept, kept_lease(change.db, name));
    if (!kept) return fail(Errc::conflict, fmt::format("{} was released", name));
    if (kept->owner != owner)
      return fail(Errc::conflict, fmt::format("{} was taken by node {}", name, kept->node));
    kept->expires_at = change.now + lifetime;
    SLUICE_TRY(
        change.db.run("UPDATE leases SET expires_ms = ? WHERE name = ?", to_ms(kept->expires_at), name));
    return *std::move(kept);
  });
}

Result<bool> SqliteLeases::release(std::string_view name, std::string_view owner) {
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY(change.db.run("DELETE FROM leases WHERE name = ? AND owner = ?", name, owner));
    return change.db.changes() > 0;
  });
}

Result<Lease> SqliteLeases::holder(std::string_view name) {
  return core_.read([&](sqlite::Database& db, Wall now) -> Result<Lease> {
    SLUICE_TRY_VALUE(std::optional<Lease> kept, kept_lease(db, name));
    if (!kept || kept->expires_at <= now) return fail(Errc::not_found, fmt::format("nobody holds {}", name));
    return *std::move(kept);
  });
}

}  // namespace sluice::store
