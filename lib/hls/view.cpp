#include "hls/view.hpp"

#include <algorithm>

#include "hls/availability.hpp"

namespace sluice::hls {
namespace {

constexpr std::size_t burst_segments = 64;  // whose parts are kept for the sake of the clock

// Playlists list the parts of the last three target durations. What has left them stays as long on the wall clock, too: stream time alone
// would run out early where a publisher is faster than real time.
void forget_old_parts(RenditionView& rendition, double keep_s, std::uint32_t target_duration_s, std::int64_t now_ms) {
  const std::int64_t edge = rendition.segments.back().end();
  for (std::size_t i = rendition.segments.size(); i-- > 0;) {
    SegmentView& segment = rendition.segments[i];
    if (!segment.complete) continue;
    if (segment.parts_unlisted_ms == 0 && rendition.seconds(edge - segment.start) > 3.0 * target_duration_s) segment.parts_unlisted_ms = now_ms;
    if (rendition.seconds(edge - segment.end()) <= keep_s) continue;
    if (segment.parts.empty()) break;
    const bool young = now_ms - segment.parts_unlisted_ms <= parts_kept_ms(target_duration_s) && rendition.segments.size() - i <= burst_segments;
    if (!young) std::vector<PartView>().swap(segment.parts);
  }
}

void forget_retired(RenditionView& rendition, std::int64_t now_ms) {
  auto& retired = rendition.retired;
  while (!retired.empty() && (retired.front().until_ms <= now_ms || retired.size() / most_unlisted > rendition.segments.size())) retired.pop_front();
}

// A rendition that joins late counts the breaks that the others have had before its first segment.
std::uint64_t breaks_before(const std::vector<RenditionView>& renditions, MediaSequence msn) {
  std::uint64_t most = 0;
  for (const RenditionView& other : renditions) {
    std::uint64_t breaks = other.discontinuities_removed;
    for (const SegmentView& segment : other.segments) breaks += segment.msn < msn && segment.discontinuity;
    most = std::max(most, breaks);
  }
  return most;
}

// A segment in which the rendition was shed, or came back, is listed as a gap whole: its file would be shorter than its EXTINF,
// and a player does better with another rendition. Those of its parts that are there stay what they were: they can still be fetched.
// Holes of the source stay parts: they are in all renditions.
void complete(SegmentView& segment) {
  segment.complete = true;
  segment.gap = segment.gap || segment.shed;
}

}  // namespace

const SegmentView* RenditionView::find(MediaSequence msn) const {
  if (segments.empty() || msn < segments.front().msn || msn > segments.back().msn) return nullptr;
  return &segments[msn - segments.front().msn];
}

const SegmentView* RenditionView::fetchable(MediaSequence msn) const {
  if (retired.empty() || msn < retired.front().segment.msn || msn > retired.back().segment.msn) return find(msn);
  return &retired[msn - retired.front().segment.msn].segment;
}

std::size_t RenditionView::complete() const {
  return segments.size() - (segments.empty() || segments.back().complete ? 0 : 1);
}

bool StreamView::all_independent() const {
  return (ended || !anywhere) && std::ranges::all_of(renditions, &RenditionView::all_independent);
}

const RenditionView* StreamView::find(std::string_view name) const {
  const auto at = std::ranges::find(renditions, name, &RenditionView::name);
  return at == renditions.end() ? nullptr : &*at;
}

RenditionView* StreamView::find(std::string_view name) {
  return const_cast<RenditionView*>(static_cast<const StreamView*>(this)->find(name));
}

void StreamView::apply(const Record& record, double keep_parts_s) {
  if (const auto* header = std::get_if<LedgerHeader>(&record)) {
    id = header->stream.value();
    channel = header->channel;
    epoch_ms = header->epoch_ms;
    part_target_us = header->part_target_us;
    target_duration_s = header->target_duration_s;
    format = header->format;
    anywhere = header->anywhere;
  } else if (const auto* rendition = std::get_if<RenditionRecord>(&record)) {
    apply_rendition(*rendition);
  } else if (const auto* part = std::get_if<PartRecord>(&record)) {
    append(*part, keep_parts_s);
  } else if (const auto* shed = std::get_if<ShedRecord>(&record)) {
    if (RenditionView* view = find(shed->rendition)) view->shed = shed->shed;
  } else if (const auto* removed = std::get_if<RemovedRecord>(&record)) {
    remove_before(removed->msn);
  } else if (const auto* over = std::get_if<EndRecord>(&record)) {
    end(over->wall_ms);
  }
}

void StreamView::apply_rendition(const RenditionRecord& record) {
  RenditionView* view = find(record.name);
  if (!view) view = &renditions.emplace_back();
  ++view->revision;
  view->name = record.name;
  view->kind = record.kind;
  view->codecs = record.codecs;
  view->timescale = record.timescale;
  view->width = record.width;
  view->height = record.height;
  view->frame_rate = record.frame_rate;
  view->sample_rate = record.sample_rate;
  view->channels = record.channels;
  view->bitrate = record.bitrate;
  view->maxrate = record.max_bitrate;
  view->language = record.language;
  view->alone = record.alone;
}

void StreamView::append(const PartRecord& record, double keep_parts_s) {
  RenditionView* view = find(record.rendition);
  if (!view) return;
  ++view->revision;
  const Part& part = record.part;
  auto& segments = view->segments;
  if (segments.empty()) view->discontinuities_removed = breaks_before(renditions, part.msn);
  if (segments.empty() || part.msn > segments.back().msn) {
    if (!segments.empty() && !segments.back().complete) complete(segments.back());
    SegmentView segment;
    segment.msn = part.msn;
    segment.start = part.start;
    segment.composition = part.composition;
    segment.init = part.init.value_or(0);
    segment.independent = true;
    segment.discontinuity = part.flags.discontinuity;
    segment.gap = true;
    segments.push_back(std::move(segment));
  }
  SegmentView& segment = segments.back();
  if (segment.gap && !part.flags.gap) {  // the first that there is of it
    segment.independent = part.flags.independent;
    view->all_independent = view->all_independent && segment.independent;
  }
  segment.parts.push_back({part.start, part.duration, part.offset, part.bytes, part.flags.independent, part.flags.gap});
  segment.duration += part.duration;
  segment.bytes += part.bytes;
  segment.wall_ms = part.wall_ms;
  segment.gap = segment.gap && part.flags.gap;
  segment.shed = segment.shed || (view->shed && part.flags.gap);
  if (part.flags.last) complete(segment);
  wall_ms_ = std::max(wall_ms_, part.wall_ms);
  if (!segment.complete) return;
  forget_old_parts(*view, keep_parts_s, target_duration_s, wall_ms_);
  forget_retired(*view, wall_ms_);
}

void StreamView::remove_before(MediaSequence msn) {
  first_kept = std::max(first_kept, msn);
  for (RenditionView& view : renditions) {
    ++view.revision;
    while (view.segments.size() > 1 && view.segments.front().msn < msn) {
      SegmentView& oldest = view.segments.front();
      if (oldest.discontinuity) ++view.discontinuities_removed;
      const auto length = [&](std::int64_t ticks) { return microseconds(media::rescale(ticks, view.timescale, 1'000'000)); };
      const Unlisted gone{oldest.wall_ms, wall_ms_, length(oldest.duration), length(view.segments.back().end() - oldest.start)};
      view.retired.push_back({std::move(oldest), available_until_ms(gone, target_duration_s)});
      view.segments.pop_front();
    }
  }
}

void StreamView::end(std::int64_t at_wall_ms) {
  ended = true;
  ended_wall_ms = at_wall_ms;
  for (RenditionView& view : renditions) {
    ++view.revision;
    if (!view.segments.empty() && !view.segments.back().complete) complete(view.segments.back());
  }
}

}  // namespace sluice::hls
