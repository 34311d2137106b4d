#include "lint/delta.hpp"

#include <fmt/format.h>

#include "lint/edge.hpp"

namespace sluice::lint {
namespace {

std::string difference(const hls::ReadSegment& delta, const hls::ReadSegment& whole, bool skips) {
  // The whole playlist may be the later one: the segment may have grown, and parts may have gone from its front.
  if (delta.uri != whole.uri && !delta.uri.empty()) return fmt::format("is {} and in the whole playlist {}", delta.uri, whole.uri);
  if (!delta.uri.empty() && delta.duration != whole.duration) return fmt::format("lasts {} s and in the whole playlist {} s", delta.duration, whole.duration);
  if (delta.gap && !whole.gap) return "is a gap and in the whole playlist none";
  if (delta.discontinuity != whole.discontinuity) return "begins with a discontinuity in one of the two";
  if (delta.date_ms && whole.date_ms && delta.date_ms != whole.date_ms) return "has another date in the whole playlist";
  // A header that was named before what is skipped goes on to hold.
  if (delta.map != whole.map && (delta.map || !skips)) return fmt::format("has the header {} and in the whole playlist {}", delta.map.value_or("none"), whole.map.value_or("none"));
  for (std::size_t k = 0; k < std::min(delta.parts.size(), whole.parts.size()) && delta.uri.empty(); ++k) {
    if (delta.parts[k].uri != whole.parts[k].uri || delta.parts[k].duration != whole.parts[k].duration) return fmt::format("has another part {} in the whole playlist", k);
  }
  return "";
}

// From the end of the last whole segment back to the end of segment `msn`; nothing when one between is not known.
std::optional<double> seconds_behind(std::uint64_t msn, std::uint64_t end, const KnownSegments& known) {
  double sum = 0;
  for (std::uint64_t at = msn + 1; at < end; ++at) {
    const auto segment = known.find(at);
    if (segment == known.end()) return std::nullopt;
    sum += segment->second.duration;
  }
  return sum;
}

}  // namespace

DeltaVerdict judge_delta(const hls::ReadPlaylist& delta, const KnownSegments& known) {
  DeltaVerdict verdict;
  const hls::ReadMedia& list = delta.media;
  for (const hls::ReadSegment& segment : list.segments) {
    const auto whole = known.find(segment.msn);
    if (whole == known.end()) continue;
    if (const std::string what = difference(segment, whole->second, list.skipped > 0); !what.empty()) {
      verdict.disagrees = fmt::format("its segment {} {}", segment.msn, what);
      return verdict;
    }
  }
  if (!list.control || !list.control->can_skip_until) return verdict;
  const double boundary = *list.control->can_skip_until;
  const std::uint64_t first = list.media_sequence + list.skipped, end = complete_end(list);
  if (list.skipped > 0) {
    const auto last = known.find(first - 1);
    const auto behind = seconds_behind(first - 1, end, known);
    if (behind && last != known.end() && *behind + last->second.duration <= boundary) {
      verdict.boundary = fmt::format("segment {} is skipped, {:.3f} s from the end; the skip boundary is {} s", first - 1, *behind, boundary);
    }
  }
  if (const auto behind = seconds_behind(first, end, known); behind && list.complete() > 0 && *behind > boundary + 0.001) {
    verdict.boundary = fmt::format("segment {} is not skipped, {:.3f} s from the end; the skip boundary is {} s", first, *behind, boundary);
    if (!list.delta) verdict.disagrees = "it skips nothing: " + *std::exchange(verdict.boundary, std::nullopt);
  }
  return verdict;
}

bool has_skippable(const hls::ReadMedia& list) {
  if (!list.control || !list.control->can_skip_until || list.complete() == 0 || list.end_list) return false;
  double behind = 0;
  for (std::size_t i = 1; i < list.complete(); ++i) behind += list.segments[i].duration;
  return behind > *list.control->can_skip_until + 0.001;
}

}  // namespace sluice::lint
