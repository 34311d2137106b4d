#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
// A timeout's row outlives it by this, so that a clock that leaps ahead and comes back frees nobody.
constexpr std::chrono::hours kept_after_lapse{24};

std::string select_bans(std::string_view rest) {
  return fmt::format(
      "SELECT b.channel_id, b.user_id, u.name, u.display_name, b.until_ms, b.reason, coalesce(b.by_id, 0), "
      "b.by_name, b.by_address, b.at_ms, b.audit_id FROM bans b JOIN users u ON u.id = b.user_id "
      "WHERE b.channel_id = ?1 AND (b.until_ms IS NULL OR b.until_ms > ?2) {}",
      rest);
}

Ban ban_of(sqlite::Statement& row) {
  return {.channel = ChannelId(row.integer(0)),
          .user = UserId(row.integer(1)),
          .user_name = row.text(2),
          .user_display_name = row.text(3),
          .until = optional_wall(row, 4),
          .reason = row.text(5),
          .by = actor_at(row, 6),
          .at = from_ms(row.integer(9)),
          .audit_id = row.integer(10)};
}

Result<std::optional<Ban>> active_ban(sqlite::Database& db, ChannelId channel, UserId user, Wall now) {
  auto ban = first(db.query(select_bans("AND b.user_id = ?3"), channel.value(), to_ms(now), user.value()),
                   ban_of, "");
  if (ban) return *std::move(ban);
  if (ban.error().code == Errc::not_found) return std::nullopt;
  return std::unexpected(std::move(ban).error());
}

Result<> check_duration(std::optional<seconds> duration) {
  if (!duration || (*duration >= seconds(1) && *duration <= longest_timeout)) return {};
  return fail(Errc::invalid, fmt::format("a timeout cannot last {} s", duration->count()),
              fmt::format("1 to {} s", longest_timeout.count()));
}

// May a new ban, or timeout, stand over the one that is there?
Result<> check_over(const std::optional<Ban>& standing, std::optional<seconds> duration,
                    const Channel& channel) {
  if (!standing || !standing->permanent()) return {};
  std::string what = fmt::format("{} is banned from {}", standing->user_name, channel.name);
  if (duration) return fail(Errc::conflict, std::move(what), "lift the ban first, to have a timeout instead");
  return fail(Errc::exists, std::move(what));
}

Result<> emit_ban(Change& change, const Channel& channel, const User& user, const Ban& ban) {
  SLUICE_TRY_VALUE(User by, acting_user(change.db, ban.by));
  nlohmann::json payload = act_payload(channel, by);
  put_user(payload, "", user);
  payload["reason"] = ban.reason;
  payload["banned_at"] = format_rfc3339(ban.at);
  payload["ends_at"] = ban.until ? nlohmann::json(format_rfc3339(*ban.until)) : nlohmann::json();
  payload["is_permanent"] = ban.permanent();
  SLUICE_TRY(change.emit("channel.ban", channel.id, payload));
  return {};
}
}  // namespace

Result<Ban> SqliteBans::ban(ChannelId channel_id, UserId user_id, std::optional<seconds> duration,
                            std::string_view typed_reason, const Actor& actor, std::string_view context) {
  SLUICE_TRY(check_duration(duration));
  SLUICE_TRY_VALUE(std::string reason, platform::reason(typed_reason));
  return core_.write([&](Change& change) -> Result<Ban> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
    SLUICE_TRY_VALUE(User user, user_by_id(change.db, user_id));
    if (channel.owner == user_id)
      return fail(Errc::invalid, fmt::format("{} is the broadcaster of {}", user.name, channel.name));
    SLUICE_TRY_VALUE(std::optional<Ban> standing, active_ban(change.db, channel_id, user_id, change.now));
    SLUICE_TRY(check_over(standing, duration, channel));

    std::optional<Wall> until = duration ? std::optional(change.now + *duration) : std::nullopt;
    AuditEntry entry = act_on(channel, user, actor, duration ? "timeout" : "ban", reason);
    entry.expires_at = until;
    entry.context = context;
    SLUICE_TRY_VALUE(entry, append_audit(change, std::move(entry)));
    Ban ban{channel_id, user_id, user.name, user.display_name, until, reason, actor, change.now, entry.id};
    SLUICE_TRY(change.db.run("DELETE FROM bans WHERE until_ms <= ?", to_ms(change.now - kept_after_lapse)));
    SLUICE_TRY(change.db.run(
        "INSERT OR REPLACE INTO bans (channel_id, user_id, until_ms, reason, by_id, by_name, "
        "by_address, at_ms, audit_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        channel_id.value(), user_id.value(), to_ms(until), reason, null_if_zero(actor.user.value()),
        actor.name, actor.address, to_ms(change.now), ban.audit_id));
    SLUICE_TRY(emit_ban(change, channel, user, ban));
    return ban;
  });
}

Result<Ban> SqliteBans::lift(ChannelId channel_id, UserId user_id, std::string_view typed_reason,
                             const Actor& actor) {
  SLUICE_TRY_VALUE(std::string reason, platform::reason(typed_reason));
  return core_.write([&](Change& change) -> Result<Ban> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
    SLUICE_TRY_VALUE(User user, user_by_id(change.db, user_id));
    SLUICE_TRY_VALUE(std::optional<Ban> ban, active_ban(change.db, channel_id, user_id, change.now));
    if (!ban) return fail(Errc::not_found, fmt::format("{} is not banned from {}", user.name, channel.name));
    SLUICE_TRY(change.db.run("DELETE FROM bans WHERE channel_id = ? AND user_id = ?", channel_id.value(),
                             user_id.value()));
    SLUICE_TRY(
        append_audit(change, act_on(channel, user, actor, ban->permanent() ? "unban" : "untimeout", reason)));
    SLUICE_TRY_VALUE(User by, acting_user(change.db, actor));
    nlohmann::json payload = act_payload(channel, by);
    put_user(payload, "", user);
    payload["was_permanent"] = ban->permanent();
    SLUICE_TRY(change.emit("channel.unban", channel_id, payload));
    return *std::move(ban);
  });
}

Result<std::optional<Ban>> SqliteBans::find(ChannelId channel, UserId user) {
  return core_.read([&](sqlite::Database& db, Wall now) { return active_ban(db, channel, user, now); });
}

Result<std::vector<Ban>> SqliteBans::of_channel(ChannelId channel, UserId after, std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall now) {
    return collect(db.query(select_bans("AND b.user_id > ?3 ORDER BY b.user_id LIMIT ?4"), channel.value(),
                            to_ms(now), after.value(), static_cast<std::int64_t>(limit)),
                   ban_of);
  });
}

}  // namespace sluice::store
