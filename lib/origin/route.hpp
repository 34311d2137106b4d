#pragma once
// The origin's URLs. Streams, segments, parts and headers are never renamed or replaced, so media may be cached for ever.
//   /live/CHANNEL/master.m3u8                                   what the channel shows now
//   /vod/CHANNEL/STREAM/master.m3u8                             one stream from its beginning
//   /live/CHANNEL/published.m3u8                                what the channel shows now, as far as it has been uploaded
//   /live/CHANNEL/thumbnail.jpg                                 its newest keyframe
//   /live/CHANNEL/STREAM/window.json                            from when to when the stream can be watched
//   /live/CHANNEL/STREAM/storyboard.vtt, storyboard-N.jpg       pictures for seek bars
//   /live/CHANNEL/STREAM/RENDITION/playlist.m3u8, whole.m3u8    the live edge; the whole stream
//   /live/CHANNEL/STREAM/RENDITION/published.m3u8               the live edge of what has been uploaded
//   /live/CHANNEL/STREAM/RENDITION/init-N.mp4, MSN.m4s, MSN.PART.m4s (MSN.ts, MSN.PART.ts)
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"

namespace sluice::origin {

enum class Resource {
  live_master, whole_master, live_playlist, whole_playlist, init, segment, part, thumbnail, window, storyboard, sheet,
  published_master, published_playlist
};

struct Route {
  Resource resource = Resource::live_master;
  std::string channel;     // [A-Za-z0-9_-]+, at most 64
  std::string stream;      // [a-z0-9]+, at most 64; empty for live_master, published_master and thumbnail
  std::string rendition;   // [a-z0-9_-]+, at most 64; empty for masters
  std::uint64_t number = 0;  // MSN, or N of init-N and storyboard-N
  std::uint64_t part = 0;
  std::string extension;   // "m4s" or "ts" of segments and parts
};

// From a decoded path. Nothing when it is not one of ours: no other characters than those above are let through, so a
// path can never lead out of a ledger.
std::optional<Route> parse_route(std::string_view path);

// The pattern for metrics: "/live/:channel/:stream/:rendition/:msn.:part.m4s"
const char* pattern(const std::optional<Route>& route);  // "other" when it is none of ours; lives for ever

}  // namespace sluice::origin
