#pragma once
// A storyboard: a picture of every so many seconds of a stream for seek bars, in sheets of columns × rows, and the WebVTT track that
// says which picture shows when. Here: which keyframe of which segment each picture is. Pure.
//
// Slot k covers stream time [k, k + 1) × interval since the epoch and lies in sheet k / (columns × rows): no slot ever moves,
// whatever is removed before it.
#include <cstdint>
#include <string>
#include <vector>

#include "hls/view.hpp"

namespace sluice::hls {

struct StoryboardGrid {
  std::uint32_t interval_s = 10;               // 1 …
  std::uint32_t columns = 5, rows = 5;         // 1 … 20
  std::uint32_t tile_width = 160;              // pixels, even; tiles are 16:9, other pictures stand between bars

  std::uint64_t slots_per_sheet() const { return std::uint64_t{columns} * rows; }
  std::uint32_t tile_height() const { return tile_width * 9 / 16 / 2 * 2; }
};

// A slot's picture: the keyframe that begins this segment.
struct Tile {
  std::uint64_t slot = 0;
  std::string rendition;
  MediaSequence msn = 0;
  std::uint32_t init = 0;
  double at_s = 0;             // when it is shown, since the epoch
};

bool has_video(const StreamView& stream);

// The tiles of slots [first, last), rising; slots without a keyframe that is still there have none. Of the renditions that have a
// slot's keyframe the smallest is taken that is as wide as a tile.
std::vector<Tile> tiles(const StreamView& stream, const StoryboardGrid& grid, std::uint64_t first, std::uint64_t last);
std::vector<Tile> tiles_of_sheet(const StreamView& stream, const StoryboardGrid& grid, std::uint64_t sheet);

// Whether nothing of the sheet can come or go any more but by removal, and nothing of it has been removed.
bool sheet_is_whole(const StreamView& stream, const StoryboardGrid& grid, std::uint64_t sheet);

// The newest finished segment that begins with a keyframe, of the smallest rendition as wide as `width`. Nothing: an empty rendition.
Tile newest_keyframe(const StreamView& stream, std::uint32_t width);

std::string sheet_name(std::uint64_t sheet);   // storyboard-3.jpg
inline constexpr const char* storyboard_name = "storyboard.vtt";

// The track (W3C WebVTT; RFC 8216bis 3.1.4): a cue for each tile, its payload the tile by Media Fragments URI (#xywh=). Times are since the epoch, which
// is time 0 of the media.
std::string storyboard_track(const StreamView& stream, const StoryboardGrid& grid);

}  // namespace sluice::hls
