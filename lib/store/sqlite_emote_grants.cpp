#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "store/payloads.hpp"
#include "store/sqlite_emote_rows.hpp"

namespace sluice::store {

namespace {
std::string select_grants(std::string_view rest) {
  return fmt::format(
      "SELECT e.id, e.code, coalesce(e.channel_id, 0), coalesce(c.name, ''), u.id, u.name, u.display_name, "
      "a.since_ms FROM user_emote_access a JOIN emotes e ON e.id = a.emote_id JOIN users u ON u.id = "
      "a.user_id LEFT JOIN channels c ON c.id = e.channel_id {}",
      rest);
}

EmoteGrant grant_of(sqlite::Statement& row) {
  return {.emote = EmoteId(row.integer(0)),
          .code = row.text(1),
          .channel = ChannelId(row.integer(2)),
          .channel_name = row.text(3),
          .user = UserId(row.integer(4)),
          .user_name = row.text(5),
          .user_display_name = row.text(6),
          .since = from_ms(row.integer(7))};
}

// Audits and tells that the user has the emote now, or has it no more.
Result<> tell(Change& change, const Emote& emote, const std::optional<Channel>& channel, const User& user,
              std::string_view what, const Actor& actor) {
  AuditEntry entry = act_in_any(channel, actor, what);
  entry.target_user = user.id;
  entry.target = "user:" + user.name;
  entry.context = one_line({{"emote_id", std::to_string(emote.id.value())}, {"emote", emote.code}});
  SLUICE_TRY(append_audit(change, std::move(entry)));
  nlohmann::json payload = emote_payload(emote, channel);
  put_user(payload, "", user);
  SLUICE_TRY(change.emit(what, emote.channel, payload));
  return {};
}

Result<> check_needs_it(const Emote& emote, const User& user) {
  if (kind(emote) == "global")
    return fail(Errc::invalid, fmt::format("{} is everybody's", emote.code),
                "an emote for some only is added as one");
  if (emote.owner == user.id)
    return fail(Errc::invalid, fmt::format("{} is the broadcaster of {}, and has all of its emotes",
                                           user.name, emote.channel_name));
  return {};
}
}  // namespace

Result<bool> SqliteEmotes::grant(ChannelId channel_id, std::string_view code, UserId user_id,
                                 const Actor& actor) {
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY_VALUE(const std::optional<Channel> channel, channel_if_any(change.db, channel_id));
    SLUICE_TRY_VALUE(const Emote emote, emote_by_code(change.db, channel_id, code));
    SLUICE_TRY_VALUE(const User user, user_by_id(change.db, user_id));
    SLUICE_TRY(check_needs_it(emote, user));
    SLUICE_TRY(change.db.run("INSERT OR IGNORE INTO user_emote_access VALUES (?, ?, ?)", emote.id.value(),
                             user_id.value(), to_ms(change.now)));
    if (change.db.changes() == 0) return false;
    SLUICE_TRY(tell(change, emote, channel, user, "emote.grant", actor));
    return true;
  });
}

Result<bool> SqliteEmotes::revoke(ChannelId channel_id, std::string_view code, UserId user_id,
                                  const Actor& actor) {
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY_VALUE(const std::optional<Channel> channel, channel_if_any(change.db, channel_id));
    SLUICE_TRY_VALUE(const Emote emote, emote_by_code(change.db, channel_id, code));
    SLUICE_TRY_VALUE(const User user, user_by_id(change.db, user_id));
    SLUICE_TRY(change.db.run("DELETE FROM user_emote_access WHERE emote_id = ? AND user_id = ?",
                             emote.id.value(), user_id.value()));
    if (change.db.changes() == 0) return false;
    SLUICE_TRY(tell(change, emote, channel, user, "emote.revoke", actor));
    return true;
  });
}

Result<std::vector<EmoteGrant>> SqliteEmotes::grants(EmoteId emote, UserId user, std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query(select_grants("WHERE (a.emote_id, a.user_id) > (?, ?) ORDER BY a.emote_id, "
                                          "a.user_id LIMIT ?"),
                            emote.value(), user.value(), static_cast<std::int64_t>(limit)),
                   grant_of);
  });
}

Result<std::vector<EmoteGrant>> SqliteEmotes::grants_of(UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query(select_grants("WHERE a.user_id = ? ORDER BY a.emote_id"), user.value()),
                   grant_of);
  });
}

}  // namespace sluice::store
