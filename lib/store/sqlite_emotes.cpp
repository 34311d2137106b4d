#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/names.hpp"
#include "platform/tiers.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
std::string select_emotes(std::string_view rest) {
  return fmt::format(
      "SELECT e.id, coalesce(e.channel_id, 0), coalesce(c.name, ''), coalesce(c.owner_id, 0), e.code, "
      "e.tier, "
      "e.image_1x, e.image_2x, e.image_4x, e.created_ms FROM emotes e LEFT JOIN channels c ON c.id = "
      "e.channel_id WHERE {}",
      rest);
}

Emote emote_of(sqlite::Statement& row) {
  return {.id = EmoteId(row.integer(0)),
          .channel = ChannelId(row.integer(1)),
          .channel_name = row.text(2),
          .owner = UserId(row.integer(3)),
          .code = row.text(4),
          .tier = static_cast<int>(row.integer(5)),
          .images = {row.text(6), row.text(7), row.text(8)},
          .created_at = from_ms(row.integer(9))};
}

// A subscriber of each tier has its emotes and those of the tiers below.
Result<> check_room_for(sqlite::Database& db, const Emote& emote) {
  for (const platform::Tier& tier : platform::tiers()) {
    if (platform::tier(tier.plan) < emote.tier) continue;
    SLUICE_TRY_VALUE(
        const std::int64_t count,
        first(
            db.query("SELECT count(*) FROM emotes WHERE removed_ms IS NULL AND channel_id = ? AND tier <= ?",
                     emote.channel.value(), std::int64_t{platform::tier(tier.plan)}),
            [](auto& row) { return row.integer(0); }, ""));
    if (count >= static_cast<std::int64_t>(tier.emotes))
      return fail(Errc::conflict,
                  fmt::format("{} has {} emotes up to tier {} already", emote.channel_name, count,
                              platform::tier(tier.plan)),
                  "remove one first");
  }
  return {};
}

// Audits and tells that there is the emote now, or is no more.
Result<> tell(Change& change, const Emote& emote, const std::optional<Channel>& channel,
              const std::string& what, const Actor& actor) {
  AuditEntry entry = channel ? act_in(*channel, actor, what) : AuditEntry{.actor = actor, .action = what};
  entry.target = "emote:" + emote.code;
  SLUICE_TRY(append_audit(change, std::move(entry)));
  nlohmann::json payload = channel ? broadcaster_payload(*channel) : nlohmann::json::object();
  payload["emote_id"] = std::to_string(emote.id.value());
  payload["code"] = emote.code;
  payload["tier"] = emote.tier;
  SLUICE_TRY(change.emit(what, emote.channel, payload));
  return {};
}

Result<std::optional<Channel>> channel_if_any(sqlite::Database& db, ChannelId id) {
  if (id == ChannelId()) return std::nullopt;
  SLUICE_TRY_VALUE(Channel channel, channel_by_id(db, id));
  return channel;
}
}  // namespace

Result<Emote> SqliteEmotes::add(Emote emote, const Actor& actor) {
  SLUICE_TRY_VALUE(emote.code, platform::emote_code(emote.code));
  for (std::string& image : emote.images) {
    SLUICE_TRY_VALUE(image, platform::image_place(image));
  }
  const bool global = emote.channel == ChannelId();
  if (global ? emote.tier != 0 : emote.tier < 1 || emote.tier > 3)
    return fail(Errc::invalid, fmt::format("an emote of tier {}", emote.tier),
                global ? "a global emote has none" : "a channel's has tier 1, 2 or 3");
  return core_.write([&](Change& change) -> Result<Emote> {
    SLUICE_TRY_VALUE(const std::optional<Channel> channel, channel_if_any(change.db, emote.channel));
    if (channel) {
      emote.channel_name = channel->name;
      emote.owner = channel->owner;
      SLUICE_TRY(check_room_for(change.db, emote));
    }
    emote.created_at = change.now;
    Result<> added = change.db.run(
        "INSERT INTO emotes (channel_id, code, tier, image_1x, image_2x, image_4x, created_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        null_if_zero(emote.channel.value()), emote.code, std::int64_t{emote.tier}, emote.images[0],
        emote.images[1], emote.images[2], to_ms(change.now));
    if (!added && added.error().code == Errc::exists)
      return fail(Errc::exists, fmt::format("the emote \"{}\" exists", emote.code));
    SLUICE_TRY(added);
    emote.id = EmoteId(change.db.last_row_id());
    SLUICE_TRY(tell(change, emote, channel, "emote.add", actor));
    return emote;
  });
}

Result<Emote> SqliteEmotes::remove(ChannelId channel_id, std::string_view code, const Actor& actor) {
  return core_.write([&](Change& change) -> Result<Emote> {
    SLUICE_TRY_VALUE(const std::optional<Channel> channel, channel_if_any(change.db, channel_id));
    SLUICE_TRY_VALUE(
        Emote emote,
        first(change.db.query(
                  select_emotes("e.removed_ms IS NULL AND coalesce(e.channel_id, 0) = ? AND e.code = ?"),
                  channel_id.value(), code),
              emote_of, fmt::format("no emote \"{}\"", code)));
    SLUICE_TRY(
        change.db.run("UPDATE emotes SET removed_ms = ? WHERE id = ?", to_ms(change.now), emote.id.value()));
    SLUICE_TRY(tell(change, emote, channel, "emote.remove", actor));
    return emote;
  });
}

Result<std::vector<Emote>> SqliteEmotes::list() {
  return core_.read([](sqlite::Database& db, Wall) {
    return collect(
        db.query(select_emotes("e.removed_ms IS NULL ORDER BY e.channel_id IS NOT NULL, c.name, e.code")),
        emote_of);
  });
}

Result<Emote> SqliteEmotes::by_id(EmoteId id) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return first(db.query(select_emotes("e.id = ?"), id.value()), emote_of,
                 fmt::format("no emote {}", id.value()));
  });
}

Result<std::vector<std::string>> SqliteEmotes::image_places() {
  return core_.read([](sqlite::Database& db, Wall) {
    return collect(db.query("SELECT image_1x FROM emotes UNION SELECT image_2x FROM emotes UNION SELECT "
                            "image_4x FROM emotes ORDER BY 1"),
                   [](sqlite::Statement& row) { return row.text(0); });
  });
}

}  // namespace sluice::store
