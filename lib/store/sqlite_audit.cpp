#include <fmt/format.h>

#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
constexpr std::string_view columns =
    "id, at_ms, coalesce(actor_id, 0), actor_name, actor_address, action, coalesce(channel_id, 0), "
    "channel_name, coalesce(target_id, 0), target, reason, expires_ms, context, format, hash, "
    "actor_id IS 0 OR channel_id IS 0 OR target_id IS 0";

// What append() never writes, and what would read like something that it does: no user is NULL, and not 0.
int format_at(const sqlite::Statement& row) {
  const std::int64_t format = row.integer(13);
  return (format == 1 || format == 2) && row.integer(15) == 0 ? static_cast<int>(format) : 0;
}

AuditEntry entry_of(sqlite::Statement& row) {
  return {.id = row.integer(0),
          .at = from_ms(row.integer(1)),
          .actor = actor_at(row, 2),
          .action = row.text(5),
          .channel = ChannelId(row.integer(6)),
          .channel_name = row.text(7),
          .target_user = UserId(row.integer(8)),
          .target = row.text(9),
          .reason = row.text(10),
          .expires_at = optional_wall(row, 11),
          .context = row.text(12),
          .format = format_at(row),
          .hash = row.text(14)};
}

Result<AuditHead> head_of(sqlite::Database& db) {
  auto head = first(
      db.query("SELECT entry_id, hash FROM audit_head"),
      [](auto& row) {
        return AuditHead{row.integer(0), row.text(1)};
      },
      "");
  if (!head && head.error().code == Errc::not_found)
    return fail(Errc::invalid, "the audit log's head is missing");
  return head;
}

// A condition on ?number that any row meets when there is nothing to compare with.
std::string where(bool given, std::string_view condition, int number) {
  return given ? fmt::format("{} ?{}", condition, number) : fmt::format("?{} IS NOT NULL", number);
}
}  // namespace

Actor actor_at(const sqlite::Statement& row, int column) {
  return {UserId(row.integer(column)), row.text(column + 1), row.text(column + 2)};
}

Result<AuditEntry> append_audit(Change& change, AuditEntry entry) {
  if (!entry.context.empty()) {
    SLUICE_TRY_VALUE(entry.context, one_line_object(entry.context));
  }
  SLUICE_TRY_VALUE(AuditHead head, head_of(change.db));
  entry.id = head.id + 1;
  entry.at = change.now;
  entry.format = 2;
  entry.hash = audit_hash(head.hash, entry);
  SLUICE_TRY(
      change.db.run("INSERT INTO audit (id, at_ms, actor_id, actor_name, actor_address, action, channel_id, "
                    "channel_name, target_id, target, reason, expires_ms, context, format, hash) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    entry.id, to_ms(entry.at), null_if_zero(entry.actor.user.value()), entry.actor.name,
                    entry.actor.address, entry.action, null_if_zero(entry.channel.value()),
                    entry.channel_name, null_if_zero(entry.target_user.value()), entry.target, entry.reason,
                    to_ms(entry.expires_at), entry.context, entry.format, entry.hash));
  SLUICE_TRY(change.db.run("UPDATE audit_head SET entry_id = ?, hash = ?", entry.id, entry.hash));
  return entry;
}

Result<AuditEntry> SqliteAudit::append(AuditEntry entry) {
  return core_.write([&](Change& change) { return append_audit(change, entry); });
}

Result<AuditEntry> SqliteAudit::by_id(std::int64_t id) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return first(db.query(fmt::format("SELECT {} FROM audit WHERE id = ?", columns), id), entry_of,
                 fmt::format("no audit entry {}", id));
  });
}

Result<std::vector<AuditEntry>> SqliteAudit::since(std::int64_t id, std::size_t limit) {
  return find({}, AuditOrder::oldest_first, id, limit);
}

Result<std::vector<AuditEntry>> SqliteAudit::find(const AuditFilter& filter, AuditOrder order,
                                                  std::int64_t id, std::size_t limit) {
  const bool newest_first = order == AuditOrder::newest_first;
  std::string query = fmt::format(
      "SELECT {} FROM audit WHERE {} AND {} AND {} AND {} AND {} AND {} AND {} ORDER BY id {} LIMIT ?8",
      columns, where(id > 0 || !newest_first, newest_first ? "id <" : "id >", 1),
      where(filter.channel != ChannelId(), "channel_id =", 2),
      where(filter.actor != UserId(), "actor_id =", 3),
      where(filter.target_user != UserId(), "target_id =", 4),
      where(!filter.action.empty(), "substr(action, 1, length(?5)) =", 5),
      where(filter.from.has_value(), "at_ms >=", 6), where(filter.until.has_value(), "at_ms <", 7),
      newest_first ? "DESC" : "ASC");
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query(query, id, filter.channel.value(), filter.actor.value(),
                            filter.target_user.value(), filter.action, to_ms(filter.from.value_or(Wall())),
                            to_ms(filter.until.value_or(Wall())), static_cast<std::int64_t>(limit)),
                   entry_of);
  });
}

Result<AuditHead> SqliteAudit::head() {
  return core_.read([](sqlite::Database& db, Wall) { return head_of(db); });
}

}  // namespace sluice::store
