#include "chatlog/blocked.hpp"

#include <string>

#include <nlohmann/json.hpp>

#include "chatlog/rows.hpp"

namespace sluice::chatlog {

namespace {
using nlohmann::json;

constexpr std::string_view blocked_schema = R"(
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS blocked (
    channel_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    id TEXT NOT NULL,
    channel_name TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    login TEXT NOT NULL,
    text TEXT NOT NULL,
    more TEXT NOT NULL,
    verdict TEXT NOT NULL
  );
  CREATE UNIQUE INDEX IF NOT EXISTS blocked_of_channel ON blocked (channel_id, number);
  CREATE INDEX IF NOT EXISTS blocked_of_user ON blocked (channel_id, user_id, at_ms);
  CREATE INDEX IF NOT EXISTS blocked_by_time ON blocked (at_ms);
  COMMIT;
)";

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string verdict_text(const chat::AutomodVerdict& verdict) {
  json where = json::array();
  for (const chat::Boundary& found : verdict.where) where.push_back({found.first, found.last});
  return dump({{"category", verdict.category},
               {"reason", verdict.reason},
               {"level", verdict.level},
               {"score", verdict.score},
               {"where", std::move(where)}});
}

// What somebody else's hand damaged leaves the text and the kind.
chat::AutomodVerdict verdict_of(const std::string& text) {
  chat::AutomodVerdict verdict{.kind = chat::AutomodVerdict::Kind::block};
  try {
    const json object = json::parse(text);
    verdict.category = object.value("category", "");
    verdict.reason = object.value("reason", "");
    verdict.level = object.value("level", 0);
    verdict.score = object.value("score", 0.0);
    for (const json& found : object.value("where", json::array()))
      verdict.where.push_back({found.at(0).get<std::uint32_t>(), found.at(1).get<std::uint32_t>()});
  } catch (const json::exception&) {
  }
  return verdict;
}

// Among the user's of the span alone, which are bounded: whoever sends texts without end under one key makes
// nothing slower.
Result<bool> is_there(sqlite::Database& database, const Blocked& line, const BlockedBounds& bounds) {
  const chat::Message& message = line.message;
  SLUICE_TRY_VALUE(auto rows, database.query("SELECT 1 FROM blocked WHERE channel_id = ? AND user_id = ? AND "
                                             "at_ms > ? AND id = ? AND text = ?",
                                             message.channel.value(), message.author.id.value(),
                                             ms(message.at - bounds.span), message.id, message.text));
  return rows.step();
}

// Of the hour before the line alone: a clock that was once ahead takes nobody's room away for long.
Result<bool> is_too_many(sqlite::Database& database, const chat::Message& message,
                         const BlockedBounds& bounds) {
  SLUICE_TRY_VALUE(auto rows, database.query("SELECT count(*) FROM blocked WHERE channel_id = ? AND "
                                             "user_id = ? AND at_ms > ? AND at_ms <= ?",
                                             message.channel.value(), message.author.id.value(),
                                             ms(message.at - bounds.span), ms(message.at)));
  SLUICE_TRY(rows.step());
  return rows.integer(0) >= static_cast<std::int64_t>(bounds.of_user);
}

Result<> insert(sqlite::Database& database, const Blocked& line, const BlockedBounds& bounds) {
  const chat::Message& message = line.message;
  const std::int64_t channel = message.channel.value();
  SLUICE_TRY(database.run(
      "INSERT INTO blocked VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM blocked WHERE channel_id = "
      "?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      channel, message.id, message.channel_name, ms(message.at), message.author.id.value(),
      message.author.login, message.text, more_of(message), verdict_text(line.verdict)));
  return database.run(
      "DELETE FROM blocked WHERE channel_id = ?1 AND number <= (SELECT max(number) FROM blocked WHERE "
      "channel_id = ?1) - ?2",
      channel, static_cast<std::int64_t>(bounds.of_channel));
}
}  // namespace

Blocked blocked_line(const chat::Message& line, const chat::AutomodVerdict& verdict, Wall at) {
  Blocked blocked{line, verdict};
  chat::Message& message = blocked.message;
  message.at = at;
  message.order = ms(at);
  message.emotes = {};
  message.badges = {};
  if (line.reply)
    message.reply.emplace(line.reply->id, line.reply->author, std::string(), line.reply->thread,
                          line.reply->thread_author);
  return blocked;
}

Result<> make_blocked(sqlite::Database& database) {
  return database.run_script(blocked_schema);
}

Result<std::size_t> insert_blocked(sqlite::Database& database, std::span<const Blocked> lines,
                                   const BlockedBounds& bounds) {
  std::size_t too_many = 0;
  for (const Blocked& line : lines) {
    SLUICE_TRY_VALUE(const bool there, is_there(database, line, bounds));
    if (there) continue;
    SLUICE_TRY_VALUE(const bool beyond, is_too_many(database, line.message, bounds));
    too_many += beyond;
    if (!beyond) SLUICE_TRY(insert(database, line, bounds));
  }
  return too_many;
}

Result<bool> forget_blocked(sqlite::Database& database, Wall before, std::size_t most) {
  SLUICE_TRY(
      database.run("DELETE FROM blocked WHERE rowid IN (SELECT rowid FROM blocked WHERE at_ms < ? LIMIT ?)",
                   ms(before), static_cast<std::int64_t>(most)));
  return database.changes() == static_cast<std::int64_t>(most);
}

Result<std::vector<Blocked>> select_blocked(sqlite::Database& database, const BlockedFilter& filter,
                                            std::size_t limit) {
  // A user's are found among a channel's hundred thousand by the index of theirs.
  std::string sql =
      "SELECT number, id, channel_id, channel_name, '', 0, at_ms, user_id, login, text, more, verdict "
      "FROM blocked WHERE channel_id = ?1 AND at_ms >= ?2 AND at_ms < ?3 AND ";
  sql += filter.user == UserId() ? "number > ?4 AND ?5 = 0" : "+number > ?4 AND user_id = ?5";
  SLUICE_TRY_VALUE(auto rows, database.query(sql + " ORDER BY number LIMIT ?6", filter.channel.value(),
                                             ms(filter.from), ms(filter.until), filter.after,
                                             filter.user.value(), static_cast<std::int64_t>(limit)));
  std::vector<Blocked> lines;
  for (;;) {
    SLUICE_TRY_VALUE(const bool there_is_one, rows.step());
    if (!there_is_one) return lines;
    lines.push_back({message_at(rows, 1), verdict_of(rows.text(1 + message_width)), rows.integer(0)});
  }
}

}  // namespace sluice::chatlog
