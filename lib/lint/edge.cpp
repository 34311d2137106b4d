#include "lint/edge.hpp"

#include <algorithm>

namespace sluice::lint {

Edge next_edge(const hls::ReadMedia& list) {
  if (list.segments.empty()) return {list.media_sequence + list.skipped, 0};
  const hls::ReadSegment& last = list.segments.back();
  return last.uri.empty() ? Edge{last.msn, last.parts.size()} : Edge{last.msn + 1, 0};
}

std::optional<Edge> last_listed(const hls::ReadMedia& list) {
  if (list.segments.empty()) return std::nullopt;
  const hls::ReadSegment& last = list.segments.back();
  return Edge{last.msn, last.parts.empty() ? 0 : last.parts.size() - 1};
}

bool gained_media(const hls::ReadMedia& before, const hls::ReadMedia& now) {
  const Edge from = next_edge(before);
  for (const hls::ReadSegment& segment : now.segments) {
    const Edge end{segment.msn, std::max<std::uint64_t>(segment.parts.size(), segment.uri.empty() ? 0 : 1)};
    if (end.part > 0 && end > from) return true;
  }
  return false;
}

bool holds(const hls::ReadMedia& list, std::uint64_t msn, std::optional<std::uint64_t> part) {
  if (list.segments.empty()) return false;
  const hls::ReadSegment& last = list.segments.back();
  if (msn != last.msn) return msn < last.msn;
  // A whole segment without parts (a gap, mostly) holds what its parts held.
  if (!last.uri.empty() && last.parts.empty()) return true;
  return part ? *part < last.parts.size() : !last.uri.empty();
}

std::uint64_t complete_end(const hls::ReadMedia& list) { return list.media_sequence + list.skipped + list.complete(); }

const hls::ReadSegment* find_segment(const hls::ReadMedia& list, std::uint64_t msn) {
  const std::uint64_t first = list.media_sequence + list.skipped;
  return msn < first || msn - first >= list.segments.size() ? nullptr : &list.segments[msn - first];
}

double length_of(const hls::ReadSegment& segment) {
  if (!segment.uri.empty()) return segment.duration;
  double sum = 0;
  for (const hls::ReadPart& part : segment.parts) sum += part.duration;
  return sum;
}

std::optional<double> end_date_ms(const hls::ReadMedia& list) {
  std::optional<double> at;
  for (const hls::ReadSegment& segment : list.segments) {
    if (segment.date_ms) at = static_cast<double>(*segment.date_ms);
    if (at) *at += length_of(segment) * 1000;
  }
  return at;
}

}  // namespace sluice::lint
