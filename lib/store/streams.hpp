#pragma once
// Streams: one broadcast each, from the first publish to offline. States go one way: starting → live → ended,
// or starting → ended when no keyframe ever reached the ledger.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/channels.hpp"

namespace sluice::store {

enum class StreamState { starting, live, ended };
std::string_view name(StreamState state);

struct Stream {
  StreamId id;
  ChannelId channel;
  std::string channel_name;
  std::string node;  // the ingest node that owns it
  StreamState state = StreamState::starting;
  std::string title;  // the channel's, when it went live
  Wall started_at;    // begin()
  std::optional<Wall> live_at;
  std::optional<Wall> ended_at;
  std::int64_t viewers = 0;
  std::int64_t peak_viewers = 0;
};

struct Transition {
  Stream stream;
  bool changed = false;  // false: it was so already, and nothing was emitted
};

struct LiveChannel {
  Channel channel;
  Stream stream;
};

struct ChannelStatus {
  bool live = false;
  std::int64_t viewers = 0;       // 0 while offline
  std::int64_t peak_viewers = 0;  // of the current stream, or of the last one
};

class Streams {
 public:
  virtual ~Streams() = default;

  // Makes a stream in state "starting". Errc::conflict unless `lock_owner` holds channel_lock(channel)
  // (store/leases.hpp), whose node becomes the stream's. A stream that another owner left unended in this
  // channel is ended first, in the same transaction.
  virtual Result<Stream> begin(ChannelId channel, std::string_view lock_owner) = 0;
  // The first keyframe is in the ledger: sets the channel's current stream and emits stream.online.
  // Errc::conflict when it has ended.
  virtual Result<Transition> go_live(StreamId id) = 0;
  // Clears the channel's current stream and emits stream.offline when it was live; a starting stream just
  // ends.
  virtual Result<Transition> go_offline(StreamId id) = 0;

  virtual Result<Stream> by_id(StreamId id) = 0;                           // Errc::not_found
  virtual Result<std::vector<Stream>> unended(std::string_view node) = 0;  // oldest first
  virtual Result<std::vector<Stream>> of_channel(ChannelId channel, std::size_t limit) = 0;  // newest first

  virtual Result<std::vector<LiveChannel>> live() = 0;  // most viewers first
  virtual Result<ChannelStatus> status(ChannelId channel) = 0;
  // What one chat node counts in the stream's room now. The stream's viewers are the sum over nodes that
  // spoke within viewer_count_lifetime; peak_viewers is the greatest sum seen. Errc::conflict when the stream
  // is not live.
  virtual Result<Stream> set_viewers(StreamId id, std::string_view node, std::int64_t viewers) = 0;
};

inline constexpr std::chrono::seconds viewer_count_lifetime{60};

}  // namespace sluice::store
