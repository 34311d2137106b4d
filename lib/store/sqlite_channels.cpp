#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"
#include "store/sqlite_rows.hpp"

namespace sluice::store {

Result<Channel> channel_by_id(sqlite::Database& db, ChannelId id) {
  return first(db.query(select_channels("WHERE c.id = ?"), id.value()), channel_of,
               fmt::format("no channel {}", id.value()));
}

Result<Channel> SqliteChannels::add(std::string_view typed, UserId owner, std::string_view typed_title) {
  SLUICE_TRY_VALUE(std::string name, platform::channel_name(typed));
  SLUICE_TRY_VALUE(std::string title, platform::stream_title(typed_title));
  return core_.write([&](Change& change) -> Result<Channel> {
    SLUICE_TRY(user_by_id(change.db, owner));
    Result<> added = change.db.run(
        "INSERT INTO channels (id, name, owner_id, title, created_ms) VALUES "
        "(CASE WHEN EXISTS (SELECT 1 FROM channels WHERE id = ?) THEN NULL ELSE ? END, ?, ?, ?, ?)",
        owner.value(), owner.value(), name, owner.value(), title, to_ms(change.now));
    if (!added && added.error().code == Errc::exists)
      return fail(Errc::exists, fmt::format("the channel \"{}\" exists", name));
    SLUICE_TRY(added);
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, ChannelId(change.db.last_row_id())));
    SLUICE_TRY(change.emit("channel.create", channel.id, channel_payload(channel)));
    return channel;
  });
}

Result<Channel> SqliteChannels::by_name(std::string_view typed) {
  return core_.read([&](sqlite::Database& db, Wall) {
    std::string name = platform::folded_name(typed);
    return first(db.query(select_channels("WHERE c.name = ?"), name), channel_of,
                 fmt::format("no channel \"{}\"", name));
  });
}

Result<Channel> SqliteChannels::by_id(ChannelId id) {
  return core_.read([&](sqlite::Database& db, Wall) { return channel_by_id(db, id); });
}

Result<std::vector<Channel>> SqliteChannels::list() {
  return core_.read([](sqlite::Database& db, Wall) {
    return collect(db.query(select_channels("ORDER BY c.name")), channel_of);
  });
}

Result<Channel> SqliteChannels::set_title(ChannelId id, std::string_view typed,
                                          std::optional<std::int64_t> version) {
  SLUICE_TRY_VALUE(std::string title, platform::stream_title(typed));
  return core_.write([&](Change& change) -> Result<Channel> {
    SLUICE_TRY_VALUE(Channel before, channel_by_id(change.db, id));
    if (version && *version != before.version)
      return fail(
          Errc::conflict,
          fmt::format("the channel \"{}\" is at version {}, not {}", before.name, before.version, *version));
    SLUICE_TRY(change.db.run("UPDATE channels SET title = ?, version = version + 1 WHERE id = ?", title,
                             id.value()));
    SLUICE_TRY_VALUE(Channel after, channel_by_id(change.db, id));
    SLUICE_TRY(change.emit("channel.update", id, channel_payload(after)));
    return after;
  });
}

}  // namespace sluice::store
