#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
using platform::AutomodSettings;
using platform::EvasionSettings;
using platform::RoomSettings;

struct Room {
  RoomSettings settings;
  AutomodSettings automod;
  EvasionSettings evasion;
};

Room room_of(sqlite::Statement& row) {
  return {{.emote_only = row.integer(0) != 0,
           .followers_only = static_cast<std::int32_t>(row.integer(1)),
           .unique = row.integer(2) != 0,
           .slow = static_cast<std::uint32_t>(row.integer(3)),
           .subs_only = row.integer(4) != 0},
          {.level = static_cast<int>(row.integer(5)),
           .at_deadline = platform::parse_at_deadline(row.text(6)).value_or(platform::AtDeadline::hold)},
          {.action = platform::parse_ban_evasion(row.text(7)).value_or(platform::BanEvasion::flag)}};
}

// The channel's, or the defaults; Errc::not_found for a channel that there is not.
Result<Room> room(sqlite::Database& db, ChannelId channel) {
  auto found =
      first(db.query("SELECT emote_only, followers_only, unique_chat, slow, subs_only, automod_level, "
                     "automod_at_deadline, ban_evasion FROM rooms WHERE channel_id = ?",
                     channel.value()),
            room_of, "");
  if (found || found.error().code != Errc::not_found) return found;
  SLUICE_TRY(channel_by_id(db, channel));
  return Room{};
}

Result<> keep(Change& change, ChannelId channel, const Room& room) {
  return change.db.run(
      "INSERT OR REPLACE INTO rooms (channel_id, emote_only, followers_only, unique_chat, slow, subs_only, "
      "automod_level, automod_at_deadline, ban_evasion) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      channel.value(), std::int64_t{room.settings.emote_only}, std::int64_t{room.settings.followers_only},
      std::int64_t{room.settings.unique}, std::int64_t{room.settings.slow},
      std::int64_t{room.settings.subs_only}, std::int64_t{room.automod.level},
      platform::name(room.automod.at_deadline), platform::name(room.evasion.action));
}

nlohmann::json fields(const RoomSettings& settings) {
  return {{"emote_only", settings.emote_only},
          {"followers_only", settings.followers_only},
          {"unique", settings.unique},
          {"slow", settings.slow},
          {"subs_only", settings.subs_only}};
}

nlohmann::json fields(const AutomodSettings& settings) {
  return {{"level", settings.level}, {"at_deadline", platform::name(settings.at_deadline)}};
}

nlohmann::json fields(const EvasionSettings& settings) {
  return {{"ban_evasion", platform::name(settings.action)}};
}

// {"before":{…},"after":{…}} of what differs.
template <class Settings>
std::string difference(const SettingsChange<Settings>& change) {
  const nlohmann::json was = fields(change.before), is = fields(change.after);
  nlohmann::json before = nlohmann::json::object(), after = before;
  for (auto& [key, value] : was.items()) {
    if (value == is[key]) continue;
    before[key] = value;
    after[key] = is[key];
  }
  return fmt::format(R"({{"before":{},"after":{}}})", one_line(before), one_line(after));
}

nlohmann::json value_or_null(bool on, std::int64_t value) {
  return on ? nlohmann::json(value) : nlohmann::json();
}

// The event of each kind of settings, as they are now; `payload` has where and by whom.
Result<Event> tell(Change& change, ChannelId channel, nlohmann::json payload, const RoomSettings& settings) {
  const bool follower_mode = settings.followers_only >= 0, slow_mode = settings.slow > 0;
  payload["emote_mode"] = settings.emote_only;
  payload["follower_mode"] = follower_mode;
  payload["follower_mode_duration_minutes"] = value_or_null(follower_mode, settings.followers_only);
  payload["slow_mode"] = slow_mode;
  payload["slow_mode_wait_time_seconds"] = value_or_null(slow_mode, settings.slow);
  payload["subscriber_mode"] = settings.subs_only;
  payload["unique_chat_mode"] = settings.unique;
  return change.emit("channel.chat_settings.update", channel, payload);
}

Result<Event> tell(Change& change, ChannelId channel, nlohmann::json payload,
                   const AutomodSettings& settings) {
  payload["overall_level"] = settings.level;
  payload["at_deadline"] = platform::name(settings.at_deadline);
  return change.emit("automod.settings.update", channel, payload);
}

Result<Event> tell(Change& change, ChannelId channel, nlohmann::json payload,
                   const EvasionSettings& settings) {
  payload["ban_evasion"] = platform::name(settings.action);
  return change.emit("evasion.settings.update", channel, payload);
}

// `part` is the room's settings that the patch is for.
template <class Settings, class Patch>
Result<SettingsChange<Settings>> change_part(Change& change, ChannelId id, Settings Room::*part,
                                             const Patch& patch, const Actor& actor,
                                             std::string_view action) {
  SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, id));
  SLUICE_TRY_VALUE(Room changed, room(change.db, id));
  SettingsChange<Settings> settings{.before = changed.*part};
  SLUICE_TRY_VALUE(settings.after, platform::apply(patch, settings.before));
  if (!settings.changed()) return settings;
  changed.*part = settings.after;
  SLUICE_TRY(keep(change, id, changed));
  AuditEntry entry = act_in(channel, actor, action);
  entry.context = difference(settings);
  SLUICE_TRY(append_audit(change, std::move(entry)));
  SLUICE_TRY_VALUE(User by, acting_user(change.db, actor));
  SLUICE_TRY(tell(change, id, act_payload(channel, by), settings.after));
  return settings;
}
}  // namespace

Result<RoomSettings> SqliteRooms::settings(ChannelId channel) {
  return core_.read([&](sqlite::Database& db, Wall) -> Result<RoomSettings> {
    SLUICE_TRY_VALUE(Room found, room(db, channel));
    return found.settings;
  });
}

Result<AutomodSettings> SqliteRooms::automod(ChannelId channel) {
  return core_.read([&](sqlite::Database& db, Wall) -> Result<AutomodSettings> {
    SLUICE_TRY_VALUE(Room found, room(db, channel));
    return found.automod;
  });
}

Result<EvasionSettings> SqliteRooms::evasion(ChannelId channel) {
  return core_.read([&](sqlite::Database& db, Wall) -> Result<EvasionSettings> {
    SLUICE_TRY_VALUE(Room found, room(db, channel));
    return found.evasion;
  });
}

Result<SettingsChange<RoomSettings>> SqliteRooms::change(ChannelId channel,
                                                         const platform::RoomSettingsPatch& patch,
                                                         const Actor& actor) {
  return core_.write([&](Change& change) {
    return change_part(change, channel, &Room::settings, patch, actor, "room.settings");
  });
}

Result<SettingsChange<AutomodSettings>> SqliteRooms::change(ChannelId channel,
                                                            const platform::AutomodPatch& patch,
                                                            const Actor& actor) {
  return core_.write([&](Change& change) {
    return change_part(change, channel, &Room::automod, patch, actor, "automod.settings");
  });
}

Result<SettingsChange<EvasionSettings>> SqliteRooms::change(ChannelId channel,
                                                            const platform::EvasionPatch& patch,
                                                            const Actor& actor) {
  return core_.write([&](Change& change) {
    return change_part(change, channel, &Room::evasion, patch, actor, "evasion.settings");
  });
}

}  // namespace sluice::store
