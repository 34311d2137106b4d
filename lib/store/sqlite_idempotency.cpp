#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
Result<std::optional<std::string>> kept_result(sqlite::Database& db, std::string_view key, Wall now) {
  auto kept = first(
      db.query("SELECT result FROM idempotency WHERE key = ? AND expires_ms > ?", key, to_ms(now)),
      [](auto& row) { return row.text(0); }, "");
  if (kept) return *kept;
  if (kept.error().code == Errc::not_found) return std::nullopt;
  return std::unexpected(kept.error());
}
}  // namespace

Result<Idempotency::Kept> SqliteIdempotency::keep(std::string_view key, std::string_view result,
                                                  milliseconds lifetime) {
  return core_.write([&](Change& change) -> Result<Kept> {
    SLUICE_TRY_VALUE(std::optional<std::string> earlier, kept_result(change.db, key, change.now));
    if (earlier) return Kept{*std::move(earlier), false};
    SLUICE_TRY(change.db.run("DELETE FROM idempotency WHERE expires_ms <= ?", to_ms(change.now)));
    SLUICE_TRY(change.db.run("INSERT INTO idempotency (key, result, expires_ms) VALUES (?, ?, ?)", key,
                             result, to_ms(change.now + lifetime)));
    return Kept{std::string(result), true};
  });
}

Result<std::optional<std::string>> SqliteIdempotency::find(std::string_view key) {
  return core_.read([&](sqlite::Database& db, Wall now) { return kept_result(db, key, now); });
}

}  // namespace sluice::store
