#include "chatlog/reader.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

#include "chatlog/rows.hpp"

namespace sluice::chatlog {

namespace {
Said said_of(const sqlite::Statement& row) {
  Said said{.message = message_at(row, 1), .row = row.integer(0), .taken_off_at = std::nullopt};
  const int taken_off = 1 + message_width;
  if (!row.null(taken_off)) said.taken_off_at = Wall(milliseconds(row.integer(taken_off)));
  return said;
}

Result<std::vector<Said>> all(Result<sqlite::Statement> rows) {
  if (!rows) return std::unexpected(std::move(rows).error());
  std::vector<Said> said;
  for (;;) {
    SLUICE_TRY_VALUE(const bool there_is_one, rows->step());
    if (!there_is_one) return said;
    said.push_back(said_of(*rows));
  }
}

}  // namespace

Result<Reader> Reader::open(const std::string& path) {
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown) && !unknown)
    return fail(Errc::not_found, "there is no chat log " + path);
  SLUICE_TRY_VALUE(sqlite::Database database, sqlite::Database::open_for_reading(path, seconds(5)));
  bool is_log = false, knows_taken_off = false;
  {
    SLUICE_TRY_VALUE(auto columns, database.query("SELECT name FROM pragma_table_info('messages')"));
    for (;;) {
      SLUICE_TRY_VALUE(const bool more, columns.step());
      if (!more) break;
      is_log = is_log || columns.text(0) == "more";
      knows_taken_off = knows_taken_off || columns.text(0) == "taken_off_ms";
    }
  }
  if (!is_log) return fail(Errc::invalid, path + " is no chat log");
  bool knows_blocked = false;
  {
    SLUICE_TRY_VALUE(auto table, database.query("SELECT 1 FROM pragma_table_info('blocked')"));
    SLUICE_TRY_VALUE(knows_blocked, table.step());
  }
  return Reader(std::move(database), knows_taken_off, knows_blocked);
}

std::string Reader::select(std::string_view rest) const {
  return fmt::format("SELECT row, {}, {} FROM messages WHERE channel_id = ?1 AND {}", message_columns,
                     knows_taken_off_ ? "taken_off_ms" : "NULL", rest);
}

Result<std::optional<Said>> Reader::find(ChannelId channel, std::string_view id) {
  SLUICE_TRY_VALUE(auto found, all(database_.query(select("id = ?2"), channel.value(), id)));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

Result<std::vector<Said>> Reader::between(ChannelId channel, std::optional<Wall> from,
                                          std::optional<Wall> until, std::int64_t row, std::size_t limit) {
  return all(database_.query(select("at_ms >= ?2 AND at_ms < ?3 AND row > ?4 ORDER BY row LIMIT ?5"),
                             channel.value(), from ? ms(*from) : std::numeric_limits<std::int64_t>::min(),
                             until ? ms(*until) : std::numeric_limits<std::int64_t>::max(), row,
                             static_cast<std::int64_t>(limit)));
}

Result<std::vector<Said>> Reader::until(ChannelId channel, Wall at, std::size_t count) {
  SLUICE_TRY_VALUE(auto said,
                   all(database_.query(select("at_ms <= ?2 ORDER BY row DESC LIMIT ?3"), channel.value(),
                                       ms(at), static_cast<std::int64_t>(count))));
  std::ranges::reverse(said);
  return said;
}

Result<std::vector<Blocked>> Reader::blocked(const BlockedFilter& filter, std::size_t limit) {
  if (!knows_blocked_) return std::vector<Blocked>();
  return select_blocked(database_, filter, limit);
}

Result<std::vector<Said>> Reader::after(ChannelId channel, Wall at, std::size_t count) {
  return all(database_.query(select("at_ms > ?2 ORDER BY row LIMIT ?3"), channel.value(), ms(at),
                             static_cast<std::int64_t>(count)));
}

}  // namespace sluice::chatlog
