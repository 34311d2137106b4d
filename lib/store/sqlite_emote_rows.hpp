#pragma once
// Emotes as both of their themes read them: what there is, and who was granted it.
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "store/sqlite_engine.hpp"

namespace sluice::store {

// Of emotes e joined with channels c.
std::string select_emotes(std::string_view where);
Emote emote_of(sqlite::Statement& row);

// Within somebody else's transaction or read.
Result<std::optional<Channel>> channel_if_any(sqlite::Database& db, ChannelId id);
Result<Emote> emote_by_code(sqlite::Database& db, ChannelId channel, std::string_view code);

// What events tell of an emote; of a global one there is no channel.
nlohmann::json emote_payload(const Emote& emote, const std::optional<Channel>& channel);
// An audit entry of what is done to it.
AuditEntry act_in_any(const std::optional<Channel>& channel, const Actor& actor, std::string_view action);

}  // namespace sluice::store
