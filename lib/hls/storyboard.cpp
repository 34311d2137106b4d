#include "hls/storyboard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/clock.hpp"

namespace sluice::hls {
namespace {

constexpr double settled_s = 30;  // a rendition that is so far behind the others adds nothing to a sheet any more

// Those that show pictures, the best to take them from first: the smallest as wide as is wanted, at last the widest of the narrower.
std::vector<const RenditionView*> by_fitness(const StreamView& stream, std::uint32_t width) {
  std::vector<const RenditionView*> out;
  for (const RenditionView& rendition : stream.renditions) {
    if (rendition.kind == media::Kind::video) out.push_back(&rendition);
  }
  std::ranges::stable_sort(out, [width](const RenditionView* a, const RenditionView* b) {
    const bool a_fits = a->width >= width, b_fits = b->width >= width;
    if (a_fits != b_fits) return a_fits;
    return a_fits ? a->width * a->height < b->width * b->height : a->width > b->width;
  });
  return out;
}

// The last segment of a rendition that is long gone stays in the view when its file has been removed.
bool begins_with_picture(const StreamView& stream, const SegmentView& segment) {
  return segment.msn >= stream.first_kept && segment.complete && segment.independent && !segment.gap;
}

Tile tile_of(const RenditionView& rendition, const SegmentView& segment, std::uint64_t slot) {
  return {slot, rendition.name, segment.msn, segment.init, rendition.seconds(segment.shown())};
}

// Where the most advanced rendition's finished segments end.
double finished_s(const StreamView& stream) {
  double end = 0;
  for (const RenditionView& rendition : stream.renditions) {
    const std::size_t complete = rendition.complete();
    if (rendition.kind == media::Kind::video && complete > 0) end = std::max(end, rendition.seconds(rendition.segments[complete - 1].end()));
  }
  return end;
}

std::string cue_time(double seconds) {
  const auto ms = static_cast<std::int64_t>(std::llround(seconds * 1000));
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

}  // namespace

bool has_video(const StreamView& stream) {
  return std::ranges::any_of(stream.renditions, [](const RenditionView& r) { return r.kind == media::Kind::video; });
}

std::vector<Tile> tiles(const StreamView& stream, const StoryboardGrid& grid, std::uint64_t first, std::uint64_t last) {
  std::map<std::uint64_t, Tile> found;
  const double from_s = static_cast<double>(first) * grid.interval_s, until_s = static_cast<double>(last) * grid.interval_s;
  for (const RenditionView* rendition : by_fitness(stream, grid.tile_width)) {
    const auto& segments = rendition->segments;
    auto at = std::ranges::lower_bound(segments, from_s, {}, [&](const SegmentView& s) { return rendition->seconds(s.shown()); });
    for (; at != segments.end() && rendition->seconds(at->shown()) < until_s; ++at) {
      if (!begins_with_picture(stream, *at) || at->shown() < 0) continue;
      const auto slot = static_cast<std::uint64_t>(rendition->seconds(at->shown()) / grid.interval_s);
      found.try_emplace(slot, tile_of(*rendition, *at, slot));
    }
  }
  std::vector<Tile> out;
  for (auto& [slot, tile] : found) out.push_back(std::move(tile));
  return out;
}

std::vector<Tile> tiles_of_sheet(const StreamView& stream, const StoryboardGrid& grid, std::uint64_t sheet) {
  const std::uint64_t slots = grid.slots_per_sheet();
  if (sheet >= std::numeric_limits<std::uint32_t>::max()) return {};
  return tiles(stream, grid, sheet * slots, (sheet + 1) * slots);
}

bool sheet_is_whole(const StreamView& stream, const StoryboardGrid& grid, std::uint64_t sheet) {
  const double length_s = static_cast<double>(grid.slots_per_sheet()) * grid.interval_s;
  const double from_s = static_cast<double>(sheet) * length_s;
  if (stream.first_kept > 0) {
    const bool kept = std::ranges::any_of(stream.renditions, [&](const RenditionView& r) {
      return r.kind == media::Kind::video && !r.segments.empty() && r.segments.front().msn >= stream.first_kept &&
             r.seconds(r.segments.front().start) <= from_s;
    });
    if (!kept) return false;
  }
  return stream.ended || finished_s(stream) >= from_s + length_s + settled_s;
}

Tile newest_keyframe(const StreamView& stream, std::uint32_t width) {
  Tile newest;
  for (const RenditionView* rendition : by_fitness(stream, width)) {
    for (auto at = rendition->segments.rbegin(); at != rendition->segments.rend(); ++at) {
      if (!begins_with_picture(stream, *at)) continue;
      // A better rendition is worth a picture that is a little older.
      if (newest.rendition.empty() || rendition->seconds(at->shown()) > newest.at_s + settled_s) newest = tile_of(*rendition, *at, 0);
      break;
    }
  }
  return newest;
}

std::string sheet_name(std::uint64_t sheet) { return fmt::format("storyboard-{}.jpg", sheet); }

std::string storyboard_track(const StreamView& stream, const StoryboardGrid& grid) {
  const auto all = tiles(stream, grid, 0, std::numeric_limits<std::uint32_t>::max());
  std::string out = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n";
  out += fmt::format("NOTE Time 0 is {}.\n", format_rfc3339(Wall(milliseconds(stream.epoch_ms))));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::uint64_t place = all[i].slot % grid.slots_per_sheet();
    const double end = i + 1 < all.size() ? all[i + 1].at_s : std::max(finished_s(stream), all[i].at_s + 0.001);
    out += fmt::format("\n{} --> {}\n{}#xywh={},{},{},{}\n", cue_time(all[i].at_s), cue_time(end), sheet_name(all[i].slot / grid.slots_per_sheet()),
                       place % grid.columns * grid.tile_width, place / grid.columns * grid.tile_height(), grid.tile_width, grid.tile_height());
  }
  return out;
}

}  // namespace sluice::hls
