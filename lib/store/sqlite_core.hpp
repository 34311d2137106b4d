#pragma once
// The SQLite engine's one connection: serialises callers, and gives each change its transaction and its
// events.
#include <functional>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "sqlite/database.hpp"
#include "store/events.hpp"

namespace sluice::store {

inline std::int64_t to_ms(Wall at) {
  return at.time_since_epoch().count();
}
inline Wall from_ms(std::int64_t ms) {
  return Wall(milliseconds(ms));
}
inline std::optional<std::int64_t> to_ms(const std::optional<Wall>& at) {
  return at ? std::optional(to_ms(*at)) : std::nullopt;
}
inline std::optional<Wall> optional_wall(const sqlite::Statement& row, int column) {
  return row.null(column) ? std::nullopt : std::optional(from_ms(row.integer(column)));
}
inline std::optional<std::int64_t> null_if_zero(std::int64_t id) {
  return id ? std::optional(id) : std::nullopt;
}

// One transaction under way. `now` was read when it had the database to itself, so that times follow commit
// order.
struct Change {
  sqlite::Database& db;
  Random& random;
  Wall now;
  std::optional<Cursor> emitted;  // of the last event written

  Result<Event> emit(std::string_view event, ChannelId channel, const nlohmann::json& payload);
};

class SqliteCore {
 public:
  SqliteCore(sqlite::Database db, Clock& clock, Random& random, const std::function<void(Cursor)>& on_events)
      : db_(std::move(db)), clock_(clock), random_(random), on_events_(on_events) {}

  // body(Database&, Wall now) → Result<…>
  template <class Body>
  auto read(Body body) {
    std::scoped_lock lock(mutex_);
    return body(db_, clock_.wall());
  }

  // body(Change&) → Result<…>, committed unless it is an error
  template <class Body>
  auto write(Body body) -> std::invoke_result_t<Body, Change&> {
    std::optional<Cursor> emitted;
    auto result = commit(body, emitted);
    if (emitted && on_events_) on_events_(*emitted);
    return result;
  }

 private:
  template <class Body>
  auto commit(Body& body, std::optional<Cursor>& emitted) -> std::invoke_result_t<Body, Change&> {
    std::scoped_lock lock(mutex_);
    SLUICE_TRY_VALUE(sqlite::Transaction transaction, sqlite::Transaction::begin(db_));
    Change change{db_, random_, clock_.wall(), std::nullopt};
    auto result = body(change);
    if (!result) return result;
    SLUICE_TRY(transaction.commit());
    emitted = change.emitted;
    return result;
  }

  std::mutex mutex_;
  sqlite::Database db_;
  Clock& clock_;
  Random& random_;
  const std::function<void(Cursor)>& on_events_;
};

// All rows of a query, each made a value.
template <class Row>
auto collect(Result<sqlite::Statement> query, Row row)
    -> Result<std::vector<std::invoke_result_t<Row, sqlite::Statement&>>> {
  if (!query) return std::unexpected(std::move(query).error());
  std::vector<std::invoke_result_t<Row, sqlite::Statement&>> rows;
  for (;;) {
    SLUICE_TRY_VALUE(bool more, query->step());
    if (!more) return rows;
    rows.push_back(row(*query));
  }
}

// The first row of a query made a value; Errc::not_found with `missing` when there is none.
template <class Row>
auto first(Result<sqlite::Statement> query, Row row, std::string_view missing)
    -> Result<std::invoke_result_t<Row, sqlite::Statement&>> {
  if (!query) return std::unexpected(std::move(query).error());
  SLUICE_TRY_VALUE(bool found, query->step());
  if (!found) return fail(Errc::not_found, std::string(missing));
  return row(*query);
}

}  // namespace sluice::store
