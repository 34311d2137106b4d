#include "lint/pace.hpp"

#include <fmt/format.h>

#include "lint/edge.hpp"

namespace sluice::lint {
namespace {

double segment_limit(const hls::ReadMedia& list) { return 1.5 * static_cast<double>(list.target_duration.value_or(0)); }

}  // namespace

bool explains_lateness(const hls::ReadMedia& before, const hls::ReadMedia& now) {
  const Edge from = next_edge(before);
  for (const hls::ReadSegment& segment : now.segments) {
    if (segment.msn < from.msn) continue;
    if (segment.gap || (segment.discontinuity && (segment.msn > from.msn || from.part == 0))) return true;
    for (std::size_t k = segment.msn == from.msn ? from.part : 0; k < segment.parts.size(); ++k) {
      if (segment.parts[k].gap) return true;
    }
  }
  return false;
}

void Pace::grew(const hls::ReadMedia& before, const hls::ReadMedia& now, Steady at, milliseconds late, milliseconds between) {
  const bool segment = complete_end(now) > complete_end(before), part = gained_media(before, now);
  if (!segment && !part && !now.end_list) return;
  const bool explained = explains_lateness(before, now) || now.end_list;
  if (late_ && part && !explained && at - late_at_ > late) sure_ = late_;
  if (sure_ || explained) late_.reset();
  if (explained) return begins(at);
  const auto judge = [&](Steady& since, double limit, const char* what) {
    const double took = seconds_of(at - since);
    since = at;
    if (took <= limit + seconds_of(late) + seconds_of(between)) return;
    if (late_) return;
    late_at_ = at;
    late_ = fmt::format("{} came {:.3f} s after the one before, at most {:.3f} s are allowed", what, took, limit);
  };
  if (part && now.part_target) judge(part_at_, *now.part_target, "a part");
  if (segment) judge(segment_at_, segment_limit(now), "a segment");
  if (part) part_at_ = at;
}

std::optional<std::string> Pace::take_late() { return std::exchange(sure_, std::nullopt); }

std::optional<std::string> Pace::missing(const hls::ReadMedia& now, Steady at, milliseconds late) const {
  if (sure_ || late_) return sure_ ? sure_ : late_;
  const double segment = seconds_of(at - segment_at_), part = seconds_of(at - part_at_);
  if (segment > segment_limit(now) + seconds_of(late)) return fmt::format("no segment has come for {:.3f} s", segment);
  if (now.part_target && part > *now.part_target + seconds_of(late)) return fmt::format("no part has come for {:.3f} s", part);
  return std::nullopt;
}

}  // namespace sluice::lint
