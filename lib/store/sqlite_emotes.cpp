#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/bits.hpp"
#include "platform/names.hpp"
#include "platform/tiers.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_emote_rows.hpp"

namespace sluice::store {

namespace {
// A subscriber of each tier has its emotes and those of the tiers below.
Result<> check_room_for(sqlite::Database& db, const Emote& emote) {
  for (const platform::Tier& tier : platform::tiers()) {
    if (emote.tier == 0 || platform::tier(tier.plan) < emote.tier) continue;
    SLUICE_TRY_VALUE(const std::int64_t count,
                     first(
                         db.query("SELECT count(*) FROM emotes WHERE removed_ms IS NULL AND channel_id = ? "
                                  "AND tier BETWEEN 1 AND ?",
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
              std::string_view what, const Actor& actor, std::optional<std::int64_t> grants_ended = {}) {
  AuditEntry entry = act_in_any(channel, actor, what);
  entry.target = "emote:" + emote.code;
  nlohmann::json context{{"emote_id", std::to_string(emote.id.value())},
                         {"kind", kind(emote)},
                         {"tier", emote.tier},
                         {"bits", emote.bits}};
  if (grants_ended) context["grants_ended"] = *grants_ended;
  entry.context = one_line(context);
  SLUICE_TRY(append_audit(change, std::move(entry)));
  SLUICE_TRY(change.emit(what, emote.channel, emote_payload(emote, channel)));
  return {};
}

// A global one is everybody's, or theirs who are granted it; a channel's has one way to come by it.
Result<> check_kind(const Emote& emote) {
  if (emote.channel == ChannelId()) {
    if (emote.tier != 0)
      return fail(Errc::invalid, fmt::format("an emote of tier {}", emote.tier), "a global emote has none");
    if (emote.bits != 0)
      return fail(Errc::invalid, fmt::format("an emote for {} bits", emote.bits),
                  "only a channel's is for what was cheered there");
    return {};
  }
  if (emote.bits < 0 || emote.bits > platform::most_granted)
    return fail(Errc::invalid, fmt::format("an emote for {} bits", emote.bits),
                fmt::format("1 to {} bits", platform::most_granted));
  const int ways = (emote.tier != 0) + (emote.bits != 0) + emote.granted_only;
  if (ways > 1)
    return fail(Errc::invalid, "an emote for several kinds of people",
                "a tier, bits, or granted to users only");
  if (ways == 0 || emote.tier < 0 || emote.tier > 3)
    return fail(Errc::invalid, fmt::format("an emote of tier {}", emote.tier),
                "a channel's has tier 1, 2 or 3");
  return {};
}
}  // namespace

std::string_view kind(const Emote& emote) {
  if (emote.granted_only) return "granted";
  if (emote.channel == ChannelId()) return "global";
  return emote.bits > 0 ? "bits" : "subscription";
}

Result<Emote> SqliteEmotes::add(Emote emote, const Actor& actor) {
  SLUICE_TRY_VALUE(emote.code, platform::emote_code(emote.code));
  for (std::string& image : emote.images) {
    SLUICE_TRY_VALUE(image, platform::image_place(image));
  }
  SLUICE_TRY(check_kind(emote));
  return core_.write([&](Change& change) -> Result<Emote> {
    SLUICE_TRY_VALUE(const std::optional<Channel> channel, channel_if_any(change.db, emote.channel));
    if (channel) {
      emote.channel_name = channel->name;
      emote.owner = channel->owner;
      SLUICE_TRY(check_room_for(change.db, emote));
    }
    emote.created_at = change.now;
    Result<> added = change.db.run(
        "INSERT INTO emotes (channel_id, code, tier, bits, granted, image_1x, image_2x, image_4x, "
        "created_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        null_if_zero(emote.channel.value()), emote.code, std::int64_t{emote.tier}, emote.bits,
        std::int64_t{emote.granted_only}, emote.images[0], emote.images[1], emote.images[2],
        to_ms(change.now));
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
    SLUICE_TRY_VALUE(Emote emote, emote_by_code(change.db, channel_id, code));
    SLUICE_TRY(
        change.db.run("UPDATE emotes SET removed_ms = ? WHERE id = ?", to_ms(change.now), emote.id.value()));
    SLUICE_TRY(change.db.run("DELETE FROM user_emote_access WHERE emote_id = ?", emote.id.value()));
    SLUICE_TRY(tell(change, emote, channel, "emote.remove", actor, change.db.changes()));
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
