#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

Result<Event> Change::emit(std::string_view event, ChannelId channel, const nlohmann::json& payload) {
  std::string text = one_line(payload);
  SLUICE_TRY(db.run("INSERT INTO events (name, channel_id, at_ms, payload) VALUES (?, ?, ?, ?)", event,
                    null_if_zero(channel.value()), to_ms(now), text));
  emitted = Cursor(db.last_row_id());
  return Event{*emitted, std::string(event), channel, now, std::move(text)};
}

Result<std::vector<Event>> SqliteEvents::since(Cursor cursor, std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query("SELECT cursor, name, coalesce(channel_id, 0), at_ms, payload FROM events "
                            "WHERE cursor > ? ORDER BY cursor LIMIT ?",
                            cursor.value(), static_cast<std::int64_t>(limit)),
                   [](auto& row) {
                     return Event{Cursor(row.integer(0)), row.text(1), ChannelId(row.integer(2)),
                                  from_ms(row.integer(3)), row.text(4)};
                   });
  });
}

Result<Cursor> SqliteEvents::last() {
  return core_.read([](sqlite::Database& db, Wall) {
    return first(
        db.query("SELECT coalesce(max(cursor), 0) FROM events"),
        [](auto& row) { return Cursor(row.integer(0)); }, "");
  });
}

Result<Event> SqliteEvents::append(std::string_view event, ChannelId channel, std::string_view payload) {
  auto parsed = nlohmann::json::parse(payload, nullptr, false);
  if (!parsed.is_object())
    return fail(Errc::invalid, fmt::format("the payload of {} is no JSON object", event));
  return core_.write([&](Change& change) { return change.emit(event, channel, parsed); });
}

}  // namespace sluice::store
