#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
constexpr std::string_view columns =
    "id, at_ms, coalesce(actor_id, 0), actor_name, actor_address, action, target, reason, expires_ms, hash";

AuditEntry entry_of(sqlite::Statement& row) {
  return {.id = row.integer(0),
          .at = from_ms(row.integer(1)),
          .actor = {UserId(row.integer(2)), row.text(3), row.text(4)},
          .action = row.text(5),
          .target = row.text(6),
          .reason = row.text(7),
          .expires_at = optional_wall(row, 8),
          .hash = row.text(9)};
}

// A JSON array, so that no two entries have the same bytes.
std::string chained_hash(const std::string& previous, const AuditEntry& entry) {
  nlohmann::json fields{previous,         entry.id,
                        to_ms(entry.at),  entry.actor.user.value(),
                        entry.actor.name, entry.actor.address,
                        entry.action,     entry.target,
                        entry.reason};
  fields.push_back(entry.expires_at ? nlohmann::json(to_ms(*entry.expires_at)) : nlohmann::json());
  return hex(crypto::sha256(as_bytes(one_line(fields))));
}
}  // namespace

Result<AuditEntry> append_audit(Change& change, AuditEntry entry) {
  auto newest = first(change.db.query(fmt::format("SELECT {} FROM audit ORDER BY id DESC LIMIT 1", columns)),
                      entry_of, "");
  if (!newest && newest.error().code != Errc::not_found) return newest;
  entry.id = newest ? newest->id + 1 : 1;
  entry.at = change.now;
  entry.hash = chained_hash(newest ? newest->hash : std::string(), entry);
  SLUICE_TRY(change.db.run("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", entry.id,
                           to_ms(entry.at), null_if_zero(entry.actor.user.value()), entry.actor.name,
                           entry.actor.address, entry.action, entry.target, entry.reason,
                           to_ms(entry.expires_at), entry.hash));
  return entry;
}

Result<AuditEntry> SqliteAudit::append(AuditEntry entry) {
  return core_.write([&](Change& change) { return append_audit(change, entry); });
}

Result<std::vector<AuditEntry>> SqliteAudit::since(std::int64_t id, std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query(fmt::format("SELECT {} FROM audit WHERE id > ? ORDER BY id LIMIT ?", columns), id,
                            static_cast<std::int64_t>(limit)),
                   entry_of);
  });
}

Result<> SqliteAudit::verify() {
  AuditEntry last;
  for (;;) {
    SLUICE_TRY_VALUE(std::vector<AuditEntry> entries, since(last.id, 1000));
    if (entries.empty()) return {};
    for (AuditEntry& entry : entries) {
      if (entry.id != last.id + 1)
        return fail(Errc::invalid, fmt::format("audit entry {} is missing", last.id + 1));
      if (entry.hash != chained_hash(last.hash, entry))
        return fail(Errc::invalid, fmt::format("audit entry {} was changed", entry.id));
      last = std::move(entry);
    }
  }
}

}  // namespace sluice::store
