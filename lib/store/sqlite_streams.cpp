#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/stream_id.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"
#include "store/sqlite_rows.hpp"

namespace sluice::store {

namespace {
Result<Stream> stream_by_id(sqlite::Database& db, const StreamId& id, Wall now) {
  return first(db.query(select_streams("WHERE s.id = ?2"), counted_since(now), id.value()), stream_of,
               fmt::format("no stream {}", id.value()));
}

Result<std::string> node_of_lock(Change& change, ChannelId channel, std::string_view owner) {
  auto node = first(
      change.db.query("SELECT node FROM leases WHERE name = ? AND owner = ? AND expires_ms > ?",
                      channel_lock(channel), owner, to_ms(change.now)),
      [](auto& row) { return row.text(0); }, "");
  if (!node && node.error().code == Errc::not_found)
    return fail(Errc::conflict,
                fmt::format("the lock of channel {} is not held by who begins its stream", channel.value()));
  return node;
}

Result<Stream> end(Change& change, Stream stream) {
  bool was_live = stream.state == StreamState::live;
  stream.state = StreamState::ended;
  stream.ended_at = change.now;
  stream.viewers = 0;
  SLUICE_TRY(change.db.run("UPDATE streams SET state = 'ended', ended_ms = ? WHERE id = ?", to_ms(change.now),
                           stream.id.value()));
  SLUICE_TRY(change.db.run("UPDATE channels SET current_stream_id = NULL WHERE current_stream_id = ?",
                           stream.id.value()));
  SLUICE_TRY(change.db.run("DELETE FROM viewer_counts WHERE stream_id = ?", stream.id.value()));
  if (was_live) {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, stream.channel));
    SLUICE_TRY(change.emit("stream.offline", stream.channel, offline_payload(channel, stream)));
  }
  return stream;
}

// Above every id there is, also when the clock has gone back.
Result<StreamId> next_stream_id(Change& change) {
  SLUICE_TRY_VALUE(std::string newest, first(
                                           change.db.query("SELECT coalesce(max(id), '') FROM streams"),
                                           [](auto& row) { return row.text(0); }, ""));
  StreamId id = platform::new_stream_id(change.now, change.random);
  if (id.value() > newest) return id;
  Wall after = platform::time_of(StreamId(newest)).value_or(change.now) + milliseconds(1);
  return platform::new_stream_id(after, change.random);
}
}  // namespace

Result<Stream> SqliteStreams::begin(ChannelId channel_id, std::string_view lock_owner) {
  return core_.write([&](Change& change) -> Result<Stream> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
    SLUICE_TRY_VALUE(std::string node, node_of_lock(change, channel_id, lock_owner));
    SLUICE_TRY_VALUE(auto left_behind,
                     collect(change.db.query(select_streams("WHERE s.channel_id = ?2 AND s.state <> 'ended'"),
                                             counted_since(change.now), channel_id.value()),
                             stream_of));
    for (Stream& stream : left_behind) SLUICE_TRY(end(change, std::move(stream)));
    SLUICE_TRY_VALUE(StreamId id, next_stream_id(change));
    SLUICE_TRY(
        change.db.run("INSERT INTO streams (id, channel_id, node, state, title, started_ms) VALUES (?, ?, ?, "
                      "'starting', ?, ?)",
                      id.value(), channel_id.value(), node, channel.title, to_ms(change.now)));
    return stream_by_id(change.db, id, change.now);
  });
}

Result<Transition> SqliteStreams::go_live(StreamId id) {
  return core_.write([&](Change& change) -> Result<Transition> {
    SLUICE_TRY_VALUE(Stream stream, stream_by_id(change.db, id, change.now));
    if (stream.state == StreamState::live) return Transition{stream, false};
    if (stream.state == StreamState::ended)
      return fail(Errc::conflict, fmt::format("stream {} has ended", id.value()));
    SLUICE_TRY(change.db.run("UPDATE channels SET current_stream_id = ? WHERE id = ?", id.value(),
                             stream.channel.value()));
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, stream.channel));
    SLUICE_TRY(change.db.run("UPDATE streams SET state = 'live', live_ms = ?, title = ? WHERE id = ?",
                             to_ms(change.now), channel.title, id.value()));
    SLUICE_TRY_VALUE(stream, stream_by_id(change.db, id, change.now));
    SLUICE_TRY(change.emit("stream.online", stream.channel, online_payload(channel, stream)));
    return Transition{stream, true};
  });
}

Result<Transition> SqliteStreams::go_offline(StreamId id) {
  return core_.write([&](Change& change) -> Result<Transition> {
    SLUICE_TRY_VALUE(Stream stream, stream_by_id(change.db, id, change.now));
    if (stream.state == StreamState::ended) return Transition{stream, false};
    SLUICE_TRY_VALUE(stream, end(change, std::move(stream)));
    return Transition{stream, true};
  });
}

Result<Stream> SqliteStreams::by_id(StreamId id) {
  return core_.read([&](sqlite::Database& db, Wall now) { return stream_by_id(db, id, now); });
}

Result<std::vector<Stream>> SqliteStreams::unended(std::string_view node) {
  return core_.read([&](sqlite::Database& db, Wall now) {
    return collect(db.query(select_streams("WHERE s.node = ?2 AND s.state <> 'ended' ORDER BY s.id"),
                            counted_since(now), node),
                   stream_of);
  });
}

Result<std::vector<Stream>> SqliteStreams::of_channel(ChannelId channel, std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall now) {
    return collect(db.query(select_streams("WHERE s.channel_id = ?2 ORDER BY s.id DESC LIMIT ?3"),
                            counted_since(now), channel.value(), static_cast<std::int64_t>(limit)),
                   stream_of);
  });
}

Result<std::vector<LiveChannel>> SqliteStreams::live() {
  return core_.read([](sqlite::Database& db, Wall now) {
    return collect(db.query(select_live("ORDER BY 21 DESC, c.name"), counted_since(now)), live_channel_of);
  });
}

Result<ChannelStatus> SqliteStreams::status(ChannelId channel) {
  SLUICE_TRY_VALUE(std::vector<Stream> newest, of_channel(channel, 1));
  if (newest.empty()) return ChannelStatus{};
  const Stream& stream = newest.front();
  return ChannelStatus{stream.state == StreamState::live, stream.viewers, stream.peak_viewers};
}

Result<Stream> SqliteStreams::set_viewers(StreamId id, std::string_view node, std::int64_t viewers) {
  if (viewers < 0) return fail(Errc::invalid, fmt::format("{} viewers", viewers));
  return core_.write([&](Change& change) -> Result<Stream> {
    SLUICE_TRY_VALUE(Stream stream, stream_by_id(change.db, id, change.now));
    if (stream.state != StreamState::live)
      return fail(Errc::conflict, fmt::format("stream {} is not live", id.value()));
    SLUICE_TRY(change.db.run("INSERT OR REPLACE INTO viewer_counts VALUES (?, ?, ?, ?)", id.value(), node,
                             viewers, to_ms(change.now)));
    SLUICE_TRY_VALUE(stream, stream_by_id(change.db, id, change.now));
    stream.peak_viewers = std::max(stream.peak_viewers, stream.viewers);
    SLUICE_TRY(
        change.db.run("UPDATE streams SET peak_viewers = ? WHERE id = ?", stream.peak_viewers, id.value()));
    return stream;
  });
}

}  // namespace sluice::store
