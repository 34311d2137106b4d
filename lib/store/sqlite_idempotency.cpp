#include "store/sqlite_idempotency.hpp"

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "store/payloads.hpp"
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

Result<> keep_result(Change& change, std::string_view key, std::string_view result, milliseconds lifetime) {
  SLUICE_TRY(change.db.run("DELETE FROM idempotency WHERE expires_ms <= ?", to_ms(change.now)));
  return change.db.run("INSERT INTO idempotency (key, result, expires_ms) VALUES (?, ?, ?)", key, result,
                       to_ms(change.now + lifetime));
}

// Apart from the keys that keep() is given.
std::string kept_under(std::string_view key) {
  return "request:" + std::string(key);
}
}  // namespace

Result<std::optional<nlohmann::json>> earlier_answer(Change& change, std::string_view key,
                                                     std::string_view request) {
  if (key.empty()) return std::nullopt;
  if (key.size() > longest_key)
    return fail(Errc::invalid, fmt::format("the key has {} bytes", key.size()),
                fmt::format("use up to {}", longest_key));
  SLUICE_TRY_VALUE(const std::optional<std::string> kept,
                   kept_result(change.db, kept_under(key), change.now));
  if (!kept) return std::nullopt;
  const auto parsed = nlohmann::json::parse(*kept, nullptr, false);
  if (!parsed.is_object() || parsed.value("request", "") != request)
    return fail(Errc::conflict, fmt::format("the key \"{}\" was another request's", legible(key)),
                "use a new key for each request, and the same one to repeat it");
  return parsed.at("answer");
}

Result<> keep_answer(Change& change, std::string_view key, std::string_view request,
                     const nlohmann::json& answer) {
  if (key.empty()) return {};
  return keep_result(change, kept_under(key), one_line({{"request", request}, {"answer", answer}}),
                     idempotency_lifetime);
}

Result<Idempotency::Kept> SqliteIdempotency::keep(std::string_view key, std::string_view result,
                                                  milliseconds lifetime) {
  return core_.write([&](Change& change) -> Result<Kept> {
    SLUICE_TRY_VALUE(std::optional<std::string> earlier, kept_result(change.db, key, change.now));
    if (earlier) return Kept{*std::move(earlier), false};
    SLUICE_TRY(keep_result(change, key, result, lifetime));
    return Kept{std::string(result), true};
  });
}

Result<std::optional<std::string>> SqliteIdempotency::find(std::string_view key) {
  return core_.read([&](sqlite::Database& db, Wall now) { return kept_result(db, key, now); });
}

}  // namespace sluice::store
