#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
std::string select_follows(std::string_view rest) {
  return fmt::format(
      "SELECT f.channel_id, c.name, f.user_id, u.name, u.display_name, f.since_ms FROM follows f "
      "JOIN channels c ON c.id = f.channel_id JOIN users u ON u.id = f.user_id {}",
      rest);
}

Follow follow_of(sqlite::Statement& row) {
  return {ChannelId(row.integer(0)), row.text(1), UserId(row.integer(2)), row.text(3), row.text(4),
          from_ms(row.integer(5))};
}
}  // namespace

Result<bool> SqliteFollows::follow(ChannelId channel_id, UserId user_id) {
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
    SLUICE_TRY_VALUE(User user, user_by_id(change.db, user_id));
    if (channel.owner == user_id)
      return fail(Errc::invalid, fmt::format("{} is the broadcaster of {}", user.name, channel.name));
    SLUICE_TRY(
        change.db.run("INSERT INTO follows (channel_id, user_id, since_ms) VALUES (?, ?, ?) "
                      "ON CONFLICT DO NOTHING",
                      channel_id.value(), user_id.value(), to_ms(change.now)));
    if (change.db.changes() == 0) return false;
    nlohmann::json payload = broadcaster_payload(channel);
    put_user(payload, "", user);
    payload["followed_at"] = format_rfc3339(change.now);
    SLUICE_TRY(change.emit("channel.follow", channel_id, payload));
    return true;
  });
}

Result<bool> SqliteFollows::unfollow(ChannelId channel_id, UserId user_id) {
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
    SLUICE_TRY_VALUE(User user, user_by_id(change.db, user_id));
    SLUICE_TRY(change.db.run("DELETE FROM follows WHERE channel_id = ? AND user_id = ?", channel_id.value(),
                             user_id.value()));
    if (change.db.changes() == 0) return false;
    nlohmann::json payload = broadcaster_payload(channel);
    put_user(payload, "", user);
    SLUICE_TRY(change.emit("channel.unfollow", channel_id, payload));
    return true;
  });
}

Result<std::optional<Wall>> SqliteFollows::since(ChannelId channel, UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) -> Result<std::optional<Wall>> {
    SLUICE_TRY_VALUE(sqlite::Statement row,
                     db.query("SELECT since_ms FROM follows WHERE channel_id = ? AND user_id = ?",
                              channel.value(), user.value()));
    SLUICE_TRY_VALUE(bool found, row.step());
    return found ? std::optional(from_ms(row.integer(0))) : std::nullopt;
  });
}

Result<std::vector<Follow>> SqliteFollows::of_channel(ChannelId channel,
                                                      const std::optional<FollowPlace>& behind,
                                                      std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    const auto most = static_cast<std::int64_t>(limit);
    constexpr std::string_view order = "ORDER BY f.since_ms DESC, f.user_id DESC LIMIT";
    if (!behind)
      return collect(db.query(select_follows(fmt::format("WHERE f.channel_id = ?1 {} ?2", order)),
                              channel.value(), most),
                     follow_of);
    return collect(
        db.query(select_follows(fmt::format(
                     "WHERE f.channel_id = ?1 AND (f.since_ms, f.user_id) < (?2, ?3) {} ?4", order)),
                 channel.value(), to_ms(behind->since), behind->user.value(), most),
        follow_of);
  });
}

Result<std::vector<Follow>> SqliteFollows::of_user(UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query(select_follows("WHERE f.user_id = ? ORDER BY c.name"), user.value()), follow_of);
  });
}

Result<std::int64_t> SqliteFollows::count(ChannelId channel) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return first(
        db.query("SELECT count(*) FROM follows WHERE channel_id = ?", channel.value()),
        [](auto& row) { return row.integer(0); }, "");
  });
}

}  // namespace sluice::store
