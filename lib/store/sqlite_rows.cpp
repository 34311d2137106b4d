#include "store/sqlite_rows.hpp"

#include <fmt/format.h>

namespace sluice::store {

namespace {
constexpr std::string_view channel_columns =
    "c.id, c.name, c.owner_id, u.name, u.display_name, c.title, c.version, c.current_stream_id, "
    "EXISTS (SELECT 1 FROM stream_keys k WHERE k.channel_id = c.id), c.created_ms";
constexpr int channel_width = 10;
constexpr std::string_view stream_columns =
    "s.id, s.channel_id, c.name, s.node, s.state, s.title, s.started_ms, s.live_ms, s.ended_ms, "
    "s.peak_viewers, "
    "(SELECT coalesce(sum(v.viewers), 0) FROM viewer_counts v WHERE v.stream_id = s.id AND v.reported_ms > "
    "?1)";

StreamState state_of(std::string_view text) {
  return text == "live" ? StreamState::live : text == "ended" ? StreamState::ended : StreamState::starting;
}

Stream stream_at(sqlite::Statement& row, int from) {
  return {.id = StreamId(row.text(from)),
          .channel = ChannelId(row.integer(from + 1)),
          .channel_name = row.text(from + 2),
          .node = row.text(from + 3),
          .state = state_of(row.text(from + 4)),
          .title = row.text(from + 5),
          .started_at = from_ms(row.integer(from + 6)),
          .live_at = optional_wall(row, from + 7),
          .ended_at = optional_wall(row, from + 8),
          .viewers = row.integer(from + 10),
          .peak_viewers = row.integer(from + 9)};
}
}  // namespace

std::string_view name(StreamState state) {
  switch (state) {
    case StreamState::starting:
      return "starting";
    case StreamState::live:
      return "live";
    case StreamState::ended:
      break;
  }
  return "ended";
}

std::string select_channels(std::string_view rest) {
  return fmt::format("SELECT {} FROM channels c JOIN users u ON u.id = c.owner_id {}", channel_columns, rest);
}

Channel channel_of(sqlite::Statement& row) {
  return {.id = ChannelId(row.integer(0)),
          .name = row.text(1),
          .owner = UserId(row.integer(2)),
          .owner_name = row.text(3),
          .owner_display_name = row.text(4),
          .title = row.text(5),
          .version = row.integer(6),
          .current_stream = row.null(7) ? std::nullopt : std::optional(StreamId(row.text(7))),
          .has_key = row.integer(8) != 0,
          .created_at = from_ms(row.integer(9))};
}

std::string select_streams(std::string_view rest) {
  return fmt::format("SELECT {} FROM streams s JOIN channels c ON c.id = s.channel_id {}", stream_columns,
                     rest);
}

Stream stream_of(sqlite::Statement& row) {
  return stream_at(row, 0);
}

std::string select_live(std::string_view rest) {
  return fmt::format(
      "SELECT {}, {} FROM channels c JOIN users u ON u.id = c.owner_id JOIN streams s ON s.id = "
      "c.current_stream_id {}",
      channel_columns, stream_columns, rest);
}

LiveChannel live_channel_of(sqlite::Statement& row) {
  return {channel_of(row), stream_at(row, channel_width)};
}

std::int64_t counted_since(Wall now) {
  return to_ms(now - viewer_count_lifetime);
}

}  // namespace sluice::store
