#include "store/sqlite_emote_rows.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "store/payloads.hpp"

namespace sluice::store {

std::string select_emotes(std::string_view where) {
  return fmt::format(
      "SELECT e.id, coalesce(e.channel_id, 0), coalesce(c.name, ''), coalesce(c.owner_id, 0), e.code, "
      "e.tier, e.bits, e.granted, e.image_1x, e.image_2x, e.image_4x, e.created_ms FROM emotes e LEFT JOIN "
      "channels c ON c.id = e.channel_id WHERE {}",
      where);
}

Emote emote_of(sqlite::Statement& row) {
  return {.id = EmoteId(row.integer(0)),
          .channel = ChannelId(row.integer(1)),
          .channel_name = row.text(2),
          .owner = UserId(row.integer(3)),
          .code = row.text(4),
          .tier = static_cast<int>(row.integer(5)),
          .bits = row.integer(6),
          .granted_only = row.integer(7) != 0,
          .images = {row.text(8), row.text(9), row.text(10)},
          .created_at = from_ms(row.integer(11))};
}

Result<std::optional<Channel>> channel_if_any(sqlite::Database& db, ChannelId id) {
  if (id == ChannelId()) return std::nullopt;
  SLUICE_TRY_VALUE(Channel channel, channel_by_id(db, id));
  return channel;
}

Result<Emote> emote_by_code(sqlite::Database& db, ChannelId channel, std::string_view code) {
  return first(
      db.query(select_emotes("e.removed_ms IS NULL AND coalesce(e.channel_id, 0) = ? AND e.code = ?"),
               channel.value(), code),
      emote_of, fmt::format("no emote \"{}\"", code));
}

nlohmann::json emote_payload(const Emote& emote, const std::optional<Channel>& channel) {
  nlohmann::json payload = channel ? broadcaster_payload(*channel) : nlohmann::json::object();
  payload["emote_id"] = std::to_string(emote.id.value());
  payload["code"] = emote.code;
  payload["kind"] = kind(emote);
  payload["tier"] = emote.tier;
  payload["bits"] = emote.bits;
  return payload;
}

AuditEntry act_in_any(const std::optional<Channel>& channel, const Actor& actor, std::string_view action) {
  return channel ? act_in(*channel, actor, action)
                 : AuditEntry{.actor = actor, .action = std::string(action)};
}

}  // namespace sluice::store
