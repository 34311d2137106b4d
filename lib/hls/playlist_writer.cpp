#include "hls/playlist_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/clock.hpp"

namespace sluice::hls {
namespace {

using Out = std::back_insert_iterator<std::string>;

double target_s(const StreamView& stream) { return stream.target_duration_s; }
double part_target_s(const StreamView& stream) { return static_cast<double>(stream.part_target_us) / 1e6; }

class MediaPlaylist {
 public:
  MediaPlaylist(const StreamView& stream, const RenditionView& rendition, const std::string& media)
      : stream_(stream), rendition_(rendition), media_(media) {
    text_.reserve(4096);
  }

  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(Out(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }

  void head(int version, std::size_t first) {
    line("#EXTM3U");
    line("#EXT-X-VERSION:{}", version);
    line("#EXT-X-TARGETDURATION:{}", stream_.target_duration_s);
    // Of all renditions the multivariant playlist says it, and they do not repeat it (4.4.2.1).
    if (rendition_.all_independent && !stream_.anywhere && !stream_.all_independent()) line("#EXT-X-INDEPENDENT-SEGMENTS");
    const auto& segments = rendition_.segments;
    line("#EXT-X-MEDIA-SEQUENCE:{}", segments.empty() ? stream_.first_kept : segments[first].msn);
    std::uint64_t breaks = rendition_.discontinuities_removed;
    for (std::size_t i = 0; i < first; ++i) breaks += segments[i].discontinuity;
    line("#EXT-X-DISCONTINUITY-SEQUENCE:{}", breaks);
  }

  void control() {
    line("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={:.6f},HOLD-BACK={:.1f},CAN-SKIP-UNTIL={:.1f}",
         3 * part_target_s(stream_), 3 * target_s(stream_), 6 * target_s(stream_));
    line("#EXT-X-PART-INF:PART-TARGET={:.6f}", part_target_s(stream_));
  }

  void map(std::uint32_t init) {
    if (stream_.format != Format::cmaf || map_ == static_cast<std::int64_t>(init)) return;
    map_ = init;
    line("#EXT-X-MAP:URI=\"{}{}\"", media_, init_name(init));
  }

  // The tags that stand before a segment's first part (or its EXTINF).
  void segment_tags(const SegmentView& segment) {
    if (segment.discontinuity) line("#EXT-X-DISCONTINUITY");
    map(segment.init);
    const std::int64_t since_epoch_ms = media::rescale(segment.shown(), rendition_.timescale, 1000);
    line("#EXT-X-PROGRAM-DATE-TIME:{}", format_rfc3339(Wall(milliseconds(stream_.epoch_ms + since_epoch_ms))));
  }

  void part(const SegmentView& segment, std::size_t index) {
    const PartView& part = segment.parts[index];
    line("#EXT-X-PART:DURATION={:.6f},URI=\"{}\"{}{}", rendition_.seconds(part.duration),
         part_name(stream_.format, segment.msn, index), part.independent ? ",INDEPENDENT=YES" : "",
         part.gap ? ",GAP=YES" : "");
  }

  // A gap's parts are gaps (6.2.1), and a part that has been listed does not become one: a segment that is a gap because a rung was
  // shed in its middle is listed without parts.
  static bool lists_parts(const SegmentView& segment) {
    return !segment.complete || !segment.gap || std::ranges::all_of(segment.parts, &PartView::gap);
  }

  void segment(const SegmentView& segment, bool with_parts) {
    segment_tags(segment);
    if (with_parts && lists_parts(segment)) {
      for (std::size_t i = 0; i < segment.parts.size(); ++i) part(segment, i);
    }
    if (!segment.complete) return;
    if (segment.gap) line("#EXT-X-GAP");
    line("#EXTINF:{:.6f},", rendition_.seconds(segment.duration));
    line("{}{}", media_, segment_name(stream_.format, segment.msn));
  }

  void hint() {
    MediaSequence msn = stream_.first_kept;
    std::size_t part = 0;
    if (!rendition_.segments.empty()) {
      const SegmentView& last = rendition_.segments.back();
      msn = last.complete ? last.msn + 1 : last.msn;
      part = last.complete ? 0 : last.parts.size();
    }
    line("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{}\"", part_name(stream_.format, msn, part));
  }

  void reports() {
    for (const RenditionView& other : stream_.renditions) {
      if (&other == &rendition_ || other.segments.empty()) continue;
      const SegmentView& last = other.segments.back();
      text_ += fmt::format("#EXT-X-RENDITION-REPORT:URI=\"../{}/{}\",LAST-MSN={}", other.name, live_playlist_name, last.msn);
      if (!last.parts.empty()) text_ += fmt::format(",LAST-PART={}", last.parts.size() - 1);
      text_ += '\n';
    }
  }

  std::string take() { return std::move(text_); }

 private:
  const StreamView& stream_;
  const RenditionView& rendition_;
  const std::string& media_;
  std::string text_;
  std::int64_t map_ = -1;
};

// EXT-X-MAP wants 6, EXTINF with fractions 3 (section 8).
int plain_version(const StreamView& stream, std::size_t segments) {
  return stream.format == Format::cmaf ? 6 : segments > 0 ? 3 : 1;
}

// How many segments, counted from `first`, lie beyond the skip boundary (4.4.3.8): wholly further than 6 target durations from the
// end of the last complete segment, as their durations say: at a discontinuity time may jump.
std::size_t skippable(const StreamView& stream, const RenditionView& rendition, std::size_t first) {
  std::size_t kept = rendition.complete();
  for (std::int64_t behind = 0; kept > first && rendition.seconds(behind) <= 6 * target_s(stream); --kept) behind += rendition.segments[kept - 1].duration;
  return kept - std::min(first, kept);
}

// Gaps that a recording which is over would begin with, in every rendition: the number of the first segment behind them. hls.js 1.7.4 asks for a
// rendition's first segment again and again when that is a gap.
MediaSequence first_listed(const StreamView& stream) {
  MediaSequence first = std::numeric_limits<MediaSequence>::max();
  for (const RenditionView& rendition : stream.renditions) {
    const auto media = std::ranges::find(rendition.segments, false, &SegmentView::gap);
    if (media != rendition.segments.end()) first = std::min(first, media->msn);
  }
  return stream.ended ? first : 0;
}

// How many of a rendition's segments those are.
std::size_t leading_gaps(const StreamView& stream, const RenditionView& rendition) {
  const auto first = std::ranges::lower_bound(rendition.segments, first_listed(stream), {}, &SegmentView::msn);
  return first == rendition.segments.end() ? 0 : static_cast<std::size_t>(first - rendition.segments.begin());
}

// Whether all renditions begin at the same media time, as those of a VOD must (6.2.4); sound begins up to a frame after the picture.
bool begin_together(const StreamView& stream) {
  constexpr double apart_s = 0.1;
  double earliest = 0, latest = 0;
  bool any = false;
  for (const RenditionView& rendition : stream.renditions) {
    if (rendition.complete() == 0) continue;
    const double start = rendition.seconds(rendition.segments[leading_gaps(stream, rendition)].start);
    earliest = any ? std::min(earliest, start) : start;
    latest = any ? std::max(latest, start) : start;
    any = true;
  }
  return latest - earliest <= apart_s;
}

// Complete segments up to the last with media: the gaps of a publisher who is away are listed when it has come back, and a recording
// does not end with them.
std::size_t without_absence(const RenditionView& rendition) {
  std::size_t count = rendition.complete();
  while (count > 0 && rendition.segments[count - 1].gap && !rendition.segments[count - 1].shed) --count;
  return count;
}

}  // namespace

std::string init_name(std::uint32_t init) { return fmt::format("init-{}.mp4", init); }

std::string segment_name(Format format, MediaSequence msn) {
  return fmt::format("{}.{}", msn, extension(format));
}

std::string part_name(Format format, MediaSequence msn, std::size_t part) {
  return fmt::format("{}.{}.{}", msn, part, extension(format));
}

std::size_t window_start(const RenditionView& rendition, const LiveOptions& options) {
  const std::size_t complete = rendition.complete();
  std::size_t first = complete;
  std::int64_t listed = 0;
  while (first > 0 && (complete - first < options.least || rendition.seconds(listed) < options.window.count())) {
    listed += rendition.segments[--first].duration;
  }
  return first;
}

std::string live_playlist(const StreamView& stream, const RenditionView& rendition, const LiveOptions& options) {
  MediaPlaylist out(stream, rendition, options.media);
  const auto& segments = rendition.segments;
  const std::size_t first = window_start(rendition, options);
  const bool low_latency = options.low_latency && stream.part_target_us > 0;
  const std::size_t skipped =
      options.delta && low_latency && !stream.ended ? skippable(stream, rendition, first) : 0;
  out.head(skipped > 0 ? 9 : plain_version(stream, rendition.complete() - first), first);
  if (low_latency) out.control();
  if (skipped > 0) {
    out.line("#EXT-X-SKIP:SKIPPED-SEGMENTS={}", skipped);
    out.map(segments[first + skipped].init);
  }
  const std::int64_t end = segments.empty() ? 0 : segments.back().end();
  for (std::size_t i = first + skipped; i < segments.size(); ++i) {
    const SegmentView& segment = segments[i];
    if (!segment.complete && !low_latency) break;
    const bool near = rendition.seconds(end - segment.start) <= 3 * target_s(stream);
    out.segment(segment, low_latency && (near || !segment.complete));
  }
  if (stream.ended) {
    out.line("#EXT-X-ENDLIST");
  } else if (low_latency) {
    out.hint();
    out.reports();
  }
  return out.take();
}

std::string whole_playlist(const StreamView& stream, const RenditionView& rendition, const std::string& media) {
  MediaPlaylist out(stream, rendition, media);
  const std::size_t first = leading_gaps(stream, rendition);
  out.head(plain_version(stream, rendition.complete()), first);
  if (stream.ended && begin_together(stream)) {
    out.line("#EXT-X-PLAYLIST-TYPE:VOD");
  } else if (stream.first_kept == 0) {
    out.line("#EXT-X-PLAYLIST-TYPE:EVENT");
  }
  const std::size_t listed = without_absence(rendition);
  for (std::size_t i = first; i < listed; ++i) out.segment(rendition.segments[i], false);
  if (stream.ended) out.line("#EXT-X-ENDLIST");
  return out.take();
}

}  // namespace sluice::hls
