#pragma once
// Draws playlists from a Stream (view.hpp): RFC 8216bis section 4, and for LL-HLS 4.4.3.7, 4.4.3.8, 4.4.4.9, 4.4.5 and
// appendix B. Pure: the same view gives the same text. Segments are named by number (urls below), so a URI never
// means two things.
#include <chrono>
#include <string>

#include "hls/view.hpp"

namespace sluice::hls {

// Names of resources within a rendition's folder.
std::string init_name(std::uint32_t init);                                             // init-0.mp4
std::string segment_name(Format format, MediaSequence msn);                       // 12.m4s, 12.ts
std::string part_name(Format format, MediaSequence msn, std::size_t part);        // 12.3.m4s
inline constexpr const char* live_playlist_name = "playlist.m3u8";
inline constexpr const char* whole_playlist_name = "whole.m3u8";
inline constexpr const char* published_playlist_name = "published.m3u8";

struct LiveOptions {
  std::chrono::seconds window{30};   // of complete segments; never fewer than `least`
  std::size_t least = 6;
  bool low_latency = true;           // parts, hints, blocking reload, deltas, reports
  bool delta = false;                // answer to _HLS_skip (6.2.5.1)
  std::string media;                 // before the names of segments and headers: where they are, with a slash at its end. Parts have none
};

// The first segment a live playlist lists (an index into rendition.segments). Never moves back as segments are appended.
std::size_t window_start(const RenditionView& rendition, const LiveOptions& options);

// The sliding live playlist; ENDLIST once the stream has ended.
std::string live_playlist(const StreamView& stream, const RenditionView& rendition, const LiveOptions& options);

// The stream from its first kept segment, and when it has ended from its first that is not a gap in all renditions: EVENT while live (no PLAYLIST-TYPE once segments have been removed), VOD with
// ENDLIST when it has ended. With a track that came late it stays an EVENT: gaps could stand before the track and make it a VOD, but
// hls.js 1.7.4 asks for a rendition's first segment again and again when that is a gap. `media`: as in LiveOptions.
std::string whole_playlist(const StreamView& stream, const RenditionView& rendition, const std::string& media = {});

// The multivariant playlist. A media playlist's URI is prefix + RENDITION + "/" + playlist.
// Renditions without a complete segment or part are left out, and of the whole stream pictures that came late, where others were there from the
// beginning and are still.
std::string multivariant_playlist(const StreamView& stream, const std::string& prefix, const std::string& playlist);

// Bits per second of a rendition: peak over neighbouring segments that last 0.5 to 1.5 target durations together (8216bis 4.1;
// a set that ends just beyond is taken too), and average; whichever is greater of declared and measured.
struct Rates {
  std::uint64_t peak = 0, average = 0;
};
Rates rates(const RenditionView& rendition, std::uint32_t target_duration_s);

}  // namespace sluice::hls
