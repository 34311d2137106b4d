#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
using platform::BanEvasion;
using platform::MarkKind;

const Actor finder{UserId(), "chatd", "local"};

std::string select_evasions(std::string_view rest) {
  return fmt::format(
      "SELECT e.channel_id, e.user_id, u.name, u.display_name, e.banned_id, o.name, o.display_name, "
      "e.matched, e.likely, e.at_ms, e.audit_id, e.cleared_ms, coalesce(e.cleared_id, 0), e.cleared_name, "
      "e.cleared_address FROM evasions e JOIN users u ON u.id = e.user_id JOIN users o ON o.id = e.banned_id "
      "WHERE e.channel_id = ?1 AND {}",
      rest);
}

// It has not been cleared, and the ban stands.
constexpr std::string_view holds =
    "e.cleared_ms IS NULL AND EXISTS (SELECT 1 FROM bans b WHERE b.channel_id = e.channel_id AND "
    "b.user_id = e.banned_id AND b.until_ms IS NULL)";

Evasion evasion_of(sqlite::Statement& row) {
  return {.channel = ChannelId(row.integer(0)),
          .user = UserId(row.integer(1)),
          .user_name = row.text(2),
          .user_display_name = row.text(3),
          .banned = UserId(row.integer(4)),
          .banned_name = row.text(5),
          .banned_display_name = row.text(6),
          .matched = row.text(7) == name(MarkKind::address) ? MarkKind::address : MarkKind::fingerprint,
          .likely = row.integer(8) != 0,
          .at = from_ms(row.integer(9)),
          .audit_id = row.integer(10),
          .cleared_at = optional_wall(row, 11),
          .cleared_by = actor_at(row, 12)};
}

template <class T>
Result<std::optional<T>> if_found(Result<T> found) {
  if (found) return std::optional(*std::move(found));
  if (found.error().code == Errc::not_found) return std::nullopt;
  return std::unexpected(std::move(found).error());
}

Result<std::optional<Evasion>> standing(sqlite::Database& db, ChannelId channel, UserId user) {
  return if_found(first(
      db.query(select_evasions(fmt::format("e.user_id = ?2 AND {}", holds)), channel.value(), user.value()),
      evasion_of, ""));
}

// The newest ban for ever of another user who was seen there with the mark.
struct Match {
  UserId banned;
  MarkKind kind = MarkKind::address;
  Wall banned_at;
};
Result<std::optional<Match>> match(sqlite::Database& db, const Sighting& sighting, const std::string& mark,
                                   Wall since) {
  const auto kind = platform::kind_of(mark);
  if (!kind) return fail(Errc::invalid, "a sighting has something else than a mark");
  return if_found(first(
      db.query("SELECT m.user_id, b.at_ms FROM marks m JOIN bans b ON b.channel_id = m.channel_id AND "
               "b.user_id = m.user_id AND b.until_ms IS NULL WHERE m.channel_id = ? AND m.mark = ? AND "
               "m.user_id <> ? AND m.seen_ms >= ? ORDER BY b.at_ms DESC LIMIT 1",
               sighting.channel.value(), mark, sighting.user.value(), to_ms(since)),
      [&](sqlite::Statement& row) {
        return Match{UserId(row.integer(0)), *kind, from_ms(row.integer(1))};
      },
      ""));
}

// By a fingerprint before by an address. Of a user whom a moderator has cleared only a later ban counts: the
// audit log knows when that was last, also where there has been a flag since.
Result<std::optional<Match>> best_match(sqlite::Database& db, const Sighting& sighting, Wall since) {
  SLUICE_TRY_VALUE(
      const auto cleared,
      if_found(first(
          db.query("SELECT coalesce((SELECT max(a.at_ms) FROM audit a WHERE a.target_id = e.user_id "
                   "AND +a.channel_id = e.channel_id AND a.action = 'evasion.clear'), 0) FROM "
                   "evasions e WHERE e.channel_id = ? AND e.user_id = ?",
                   sighting.channel.value(), sighting.user.value()),
          [](sqlite::Statement& row) { return from_ms(row.integer(0)); }, "")));
  std::optional<Match> best;
  for (const std::string& mark : sighting.marks) {
    SLUICE_TRY_VALUE(const auto found, match(db, sighting, mark, since));
    if (!found || (cleared && found->banned_at <= *cleared)) continue;
    if (!best || (best->kind == MarkKind::address && found->kind == MarkKind::fingerprint)) best = found;
  }
  return best;
}

// EventSub's words for what a room does about somebody.
Result<std::string> trust(sqlite::Database& db, ChannelId channel) {
  SLUICE_TRY_VALUE(const auto action,
                   if_found(first(
                       db.query("SELECT ban_evasion FROM rooms WHERE channel_id = ?", channel.value()),
                       [](sqlite::Statement& row) { return row.text(0); }, "")));
  return action == name(BanEvasion::hold) ? "restricted" : "active_monitoring";
}

Result<> emit_update(Change& change, const Channel& channel, const Evasion& evasion, const Actor& actor,
                     std::string_view status) {
  SLUICE_TRY_VALUE(User by, acting_user(change.db, actor));
  nlohmann::json payload = act_payload(channel, by);
  put_user(payload, "", {evasion.user, evasion.user_name, evasion.user_display_name, {}});
  put_user(payload, "banned_", {evasion.banned, evasion.banned_name, evasion.banned_display_name, {}});
  payload["low_trust_status"] = status;
  payload["types"] = {"ban_evader"};
  payload["ban_evasion_evaluation"] = evasion.evaluation();
  payload["matched"] = name(evasion.matched);
  SLUICE_TRY(change.emit("channel.suspicious_user.update", channel.id, payload));
  return {};
}

Result<std::optional<Evasion>> flag(Change& change, const Sighting& sighting, const Match& match) {
  SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, sighting.channel));
  SLUICE_TRY_VALUE(User user, user_by_id(change.db, sighting.user));
  SLUICE_TRY_VALUE(User banned, user_by_id(change.db, match.banned));
  Evasion evasion{.channel = channel.id,
                  .user = user.id,
                  .user_name = user.name,
                  .user_display_name = user.display_name,
                  .banned = banned.id,
                  .banned_name = banned.name,
                  .banned_display_name = banned.display_name,
                  .matched = match.kind,
                  .likely = match.kind == MarkKind::fingerprint || user.created_at > match.banned_at,
                  .at = change.now,
                  .cleared_at = std::nullopt,
                  .cleared_by = {}};
  AuditEntry entry = act_on(channel, user, finder, "evasion.flag",
                            fmt::format("seen with the same {} as {}", name(match.kind), banned.name));
  entry.context = one_line({{"banned_user", banned.name},
                            {"matched", name(match.kind)},
                            {"ban_evasion_evaluation", evasion.evaluation()}});
  SLUICE_TRY_VALUE(entry, append_audit(change, std::move(entry)));
  evasion.audit_id = entry.id;
  SLUICE_TRY(change.db.run(
      "INSERT OR REPLACE INTO evasions (channel_id, user_id, banned_id, matched, likely, at_ms, audit_id) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      channel.id.value(), user.id.value(), banned.id.value(), name(match.kind), std::int64_t{evasion.likely},
      to_ms(change.now), entry.id));
  SLUICE_TRY_VALUE(const std::string status, trust(change.db, channel.id));
  SLUICE_TRY(emit_update(change, channel, evasion, finder, status));
  return evasion;
}

auto kept_key(sqlite::Database& db) {
  return if_found(first(
      db.query("SELECT key FROM mark_key"), [](sqlite::Statement& row) { return row.text(0); }, ""));
}
}  // namespace

Result<std::string> SqliteEvasions::key() {
  SLUICE_TRY_VALUE(const auto kept, core_.read([](sqlite::Database& db, Wall) { return kept_key(db); }));
  if (kept) return *kept;
  return core_.write([](Change& change) -> Result<std::string> {
    SLUICE_TRY(
        change.db.run("INSERT OR IGNORE INTO mark_key VALUES (1, ?)", random_token(change.random, 256)));
    SLUICE_TRY_VALUE(const auto made, kept_key(change.db));
    return *made;
  });
}

Result<> SqliteEvasions::saw(std::span<const Sighting> sightings) {
  return core_.write([&](Change& change) -> Result<> {
    for (const Sighting& sighting : sightings)
      for (const std::string& mark : sighting.marks)
        SLUICE_TRY(change.db.run(
            "INSERT INTO marks VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seen_ms = excluded.seen_ms",
            sighting.channel.value(), mark, sighting.user.value(), to_ms(change.now)));
    return {};
  });
}

// Most are not flagged, and nothing is written for them.
Result<std::optional<Evasion>> SqliteEvasions::look(const Sighting& sighting, Wall since) {
  bool suspicious = false;
  SLUICE_TRY_VALUE(const auto known,
                   core_.read([&](sqlite::Database& db, Wall) -> Result<std::optional<Evasion>> {
                     SLUICE_TRY(channel_by_id(db, sighting.channel));
                     SLUICE_TRY(user_by_id(db, sighting.user));
                     SLUICE_TRY_VALUE(auto flagged, standing(db, sighting.channel, sighting.user));
                     if (flagged) return flagged;
                     SLUICE_TRY_VALUE(const auto found, best_match(db, sighting, since));
                     suspicious = found.has_value();
                     return std::nullopt;
                   }));
  if (!suspicious) return known;
  return core_.write([&](Change& change) -> Result<std::optional<Evasion>> {
    SLUICE_TRY_VALUE(auto flagged, standing(change.db, sighting.channel, sighting.user));
    if (flagged) return flagged;  // by another node, meanwhile
    SLUICE_TRY_VALUE(const auto found, best_match(change.db, sighting, since));
    if (!found) return std::nullopt;
    return flag(change, sighting, *found);
  });
}

Result<std::optional<Evasion>> SqliteEvasions::find(ChannelId channel, UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) { return standing(db, channel, user); });
}

Result<std::vector<Evasion>> SqliteEvasions::of_channel(ChannelId channel, bool all, UserId after,
                                                        std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    const std::string which =
        fmt::format("e.user_id > ?2 AND {} ORDER BY e.user_id LIMIT ?3", all ? "1" : holds);
    return collect(
        db.query(select_evasions(which), channel.value(), after.value(), static_cast<std::int64_t>(limit)),
        evasion_of);
  });
}

Result<Evasion> SqliteEvasions::clear(ChannelId channel_id, UserId user_id, std::string_view typed_reason,
                                      const Actor& actor) {
  SLUICE_TRY_VALUE(std::string reason, platform::reason(typed_reason));
  return core_.write([&](Change& change) -> Result<Evasion> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
    SLUICE_TRY_VALUE(User user, user_by_id(change.db, user_id));
    SLUICE_TRY_VALUE(auto flagged, standing(change.db, channel_id, user_id));
    if (!flagged)
      return fail(Errc::not_found,
                  fmt::format("{} is not flagged for ban evasion in {}", user.name, channel.name));
    SLUICE_TRY(append_audit(change, act_on(channel, user, actor, "evasion.clear", reason)));
    SLUICE_TRY(change.db.run(
        "UPDATE evasions SET cleared_ms = ?, cleared_id = ?, cleared_name = ?, cleared_address = ? WHERE "
        "channel_id = ? AND user_id = ?",
        to_ms(change.now), null_if_zero(actor.user.value()), actor.name, actor.address, channel_id.value(),
        user_id.value()));
    flagged->cleared_at = change.now;
    flagged->cleared_by = actor;
    SLUICE_TRY(emit_update(change, channel, *flagged, actor, "none"));
    return *std::move(flagged);
  });
}

Result<> SqliteEvasions::forget_before(Wall at) {
  return core_.write(
      [&](Change& change) { return change.db.run("DELETE FROM marks WHERE seen_ms < ?", to_ms(at)); });
}

}  // namespace sluice::store
