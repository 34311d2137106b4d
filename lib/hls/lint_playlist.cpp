// The rules of a single media playlist.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "hls/lint.hpp"

namespace sluice::hls {
namespace {

constexpr double slack_s = 0.0015;  // for durations that were rounded to milliseconds

class MediaRules {
 public:
  MediaRules(const ReadMedia& list, const std::string& path, Findings& findings, std::uint64_t began)
      : list_(list), path_(path), findings_(findings), began_(began) {}

  void check() {
    const double target = static_cast<double>(list_.target_duration.value_or(0));
    for (const ReadSegment& segment : list_.segments) check_segment(segment, target);
    check_dates();
    check_ranges();
    check_live(target);
    check_parts(target);
    check_control(target);
    check_tail();
  }

 private:
  void find(std::string_view rule, std::size_t line, std::string what) {
    findings_.push_back({find_rule(rule)->id, line > 0 ? fmt::format("{}:{}", path_, line) : path_, std::move(what)});
  }

  void check_segment(const ReadSegment& segment, double target) {
    if (!segment.uri.empty() && list_.target_duration && std::round(segment.duration) > target) {
      find("extinf-over-target", segment.line, fmt::format("segment {} lasts {} s, the target is {} s", segment.msn, segment.duration, target));
    }
    const std::string_view uri = std::string_view(segment.uri).substr(0, segment.uri.find('?'));
    if ((uri.ends_with(".m4s") || uri.ends_with(".mp4") || uri.ends_with(".m4v") || uri.ends_with(".m4a")) && !segment.map && !list_.delta) {
      find("map-required", segment.line, fmt::format("segment {} has no EXT-X-MAP", segment.msn));
    }
    if (segment.gap) {
      for (const ReadPart& part : segment.parts) {
        if (!part.gap) find("gap-part-tag", part.line, fmt::format("segment {} is a gap, this part of it is not", segment.msn));
      }
    }
    const bool timed = segment.timed && std::ranges::all_of(segment.parts, &ReadPart::timed);
    if (!segment.parts.empty() && !segment.uri.empty() && timed) {
      double sum = 0;
      for (const ReadPart& part : segment.parts) sum += part.duration;
      if (std::abs(sum - segment.duration) > slack_s * static_cast<double>(segment.parts.size() + 1)) {
        find("part-sum", segment.line, fmt::format("segment {} lasts {} s, its parts {:.6f} s", segment.msn, segment.duration, sum));
      }
    }
  }

  void check_dates() {
    const bool dated = std::ranges::any_of(list_.segments, [](const ReadSegment& s) { return s.date_ms.has_value(); });
    for (const ReadSegment& segment : list_.segments) {
      if (dated && segment.discontinuity && !segment.date_ms) find("discontinuity-dated", segment.line, fmt::format("segment {} follows a discontinuity and has no date", segment.msn));
    }
    for (std::size_t i = 1; i < list_.segments.size(); ++i) {
      const ReadSegment &before = list_.segments[i - 1], &now = list_.segments[i];
      if (!before.date_ms || !now.date_ms || before.uri.empty() || !before.timed) continue;
      const double step = static_cast<double>(*now.date_ms - *before.date_ms) / 1000;
      if (step <= 0 || before.duration - step >= 1) {
        find("program-date-time-ambiguous", now.line, fmt::format("segment {} lasts {} s, the date of the next is {} s after its own", before.msn, before.duration, step));
      } else if (!now.discontinuity && std::abs(step - before.duration) > 0.5) {
        find("program-date-time-drift", now.line, fmt::format("segment {} lasts {} s, the dates are {} s apart", before.msn, before.duration, step));
      }
    }
  }

  void check_ranges() {
    // What a delta update skips may have dates.
    if (!list_.date_ranges.tags().empty() && !list_.segments.empty() && !list_.has_dates && !list_.delta) {
      find("date-range-undated", list_.date_ranges.tags().front().line, "there is an EXT-X-DATERANGE and no EXT-X-PROGRAM-DATE-TIME");
    }
  }

  void check_live(double target) {
    if (list_.type == "VOD" && !list_.end_list) find("vod-without-end", 0, "it is VOD and has no EXT-X-ENDLIST");
    const bool discontinuity = std::ranges::any_of(list_.segments, &ReadSegment::discontinuity);
    if (list_.media_sequence > 0 && discontinuity && !list_.has_discontinuity_sequence && !list_.end_list) {
      find("discontinuity-sequence-required", 0, "segments are removed, a discontinuity occurs, and nothing counts them");
    }
    if (list_.end_list || !list_.type.empty()) return;
    if (!list_.has_dates && !list_.segments.empty() && list_.date_ranges.tags().empty()) find("live-program-date-time", 0, "no segment has a date");
    if (list_.media_sequence <= began_) return;
    const std::size_t count = list_.complete() + list_.skipped;
    if (!list_.delta && list_.duration() < 3 * target) {
      find("live-too-short", 0, fmt::format("{:.3f} s are listed, three target durations are {} s", list_.duration(), 3 * target));
    } else if (count < 6) {
      find("live-segments-few", 0, fmt::format("{} segments are listed", count));
    }
  }

  void check_parts(double target) {
    const bool parts = std::ranges::any_of(list_.segments, [](const ReadSegment& s) { return !s.parts.empty(); });
    if (parts && !list_.has_part_inf) return find("part-inf-required", 0, "there are parts and no EXT-X-PART-INF");
    if (!list_.part_target) return;
    double behind = 0;  // from the playlist's end to the end of the segment
    for (std::size_t i = list_.segments.size(); i-- > 0;) {
      const ReadSegment& segment = list_.segments[i];
      for (std::size_t k = 0; k < segment.parts.size(); ++k) check_part(segment, k);
      if (!segment.parts.empty() && target > 0 && behind > 3 * target + slack_s) {
        find("parts-too-old", segment.parts.front().line, fmt::format("the parts of segment {} are {:.3f} s from the end", segment.msn, behind));
      }
      double length = segment.duration;
      if (segment.uri.empty()) {
        length = 0;
        for (const ReadPart& part : segment.parts) length += part.duration;
      }
      behind += length;
    }
  }

  void check_part(const ReadSegment& segment, std::size_t index) {
    const ReadPart& part = segment.parts[index];
    const double target = *list_.part_target;
    if (!part.timed) return;
    if (part.duration > target + 0.000'001) {
      find("part-over-target", part.line, fmt::format("it lasts {} s, the part target is {} s", part.duration, target));
    }
    const bool final = index + 1 == segment.parts.size();
    if (part.duration >= 0.85 * target || part.independent || part.gap || final || segment.parts[index + 1].gap) return;
    find("part-short", part.line, fmt::format("it lasts {} s, 85 % of the part target is {:.6f} s", part.duration, 0.85 * target));
  }

  void check_control(double target) {
    const auto told = [&](const char* attribute) { return list_.control && list_.control->written.may_have(attribute); };
    if (list_.delta && (list_.end_list || !told("CAN-SKIP-UNTIL"))) {
      find("skip-unannounced", 0, "there is an EXT-X-SKIP that CAN-SKIP-UNTIL does not announce");
    }
    if (list_.part_target && !told("PART-HOLD-BACK")) {
      find("part-hold-back-required", 0, "there is EXT-X-PART-INF and no PART-HOLD-BACK");
    }
    if (list_.part_target && !list_.end_list && list_.control && !told("CAN-BLOCK-RELOAD")) {
      find("block-reload-required", list_.control->line, "CAN-BLOCK-RELOAD is not YES");
    }
    if (told("CAN-SKIP-DATERANGES") && !told("CAN-SKIP-UNTIL")) find("can-skip-dateranges", list_.control->line, "there is CAN-SKIP-DATERANGES and no CAN-SKIP-UNTIL");
    if (!list_.control) return;
    const ServerControl& control = *list_.control;
    if (control.hold_back && *control.hold_back < 3 * target) {
      find("hold-back-short", control.line, fmt::format("HOLD-BACK is {} s, three target durations are {} s", *control.hold_back, 3 * target));
    }
    if (control.part_hold_back && list_.part_target && *control.part_hold_back < 3 * *list_.part_target - 0.000'001) {
      find("part-hold-back-short", control.line, fmt::format("PART-HOLD-BACK is {} s, three part targets are {:.6f} s", *control.part_hold_back, 3 * *list_.part_target));
    }
    if (control.can_skip_until && *control.can_skip_until < 6 * target) {
      find("can-skip-until-short", control.line, fmt::format("CAN-SKIP-UNTIL is {} s, six target durations are {} s", *control.can_skip_until, 6 * target));
    }
  }

  void check_tail() {
    if (list_.end_list && !list_.hints.empty()) find("hint-after-end", list_.hints.front().line, "it hints and has ended");
    const bool parts = std::ranges::any_of(list_.segments, [](const ReadSegment& s) { return !s.parts.empty(); });
    const bool live_parts = parts && !list_.end_list;
    if (live_parts && std::ranges::none_of(list_.hints, [](const Hint& h) { return h.type != "MAP"; })) {
      find("hint-required", 0, "no part is hinted");
    }
    for (std::size_t i = 0; i < list_.hints.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (list_.hints[k].type == list_.hints[i].type) find("hint-once", list_.hints[i].line, "it is the second hint of type " + list_.hints[i].type);
      }
    }
    for (const Report& report : list_.reports) {
      if (report.uri.find("://") != std::string::npos) find("report-relative", report.line, "its URI is absolute");
    }
  }

  const ReadMedia& list_;
  const std::string& path_;
  Findings& findings_;
  std::uint64_t began_;
};

}  // namespace

void lint_media_playlist(const ReadPlaylist& playlist, const std::string& path, Findings& findings, std::uint64_t began) {
  MediaRules(playlist.media, path, findings, began).check();
  if (playlist.start) lint_start(*playlist.start, playlist.media, fmt::format("{}:{}", path, playlist.start->line), findings);
}

bool lint_start(const ReadStart& start, const ReadMedia& list, const std::string& where, Findings& findings) {
  double length = list.duration();
  if (!list.segments.empty() && list.segments.back().uri.empty()) {
    for (const ReadPart& part : list.segments.back().parts) length += part.duration;
  }
  const bool timed = std::ranges::all_of(list.segments, &ReadSegment::timed);
  if (list.delta || !timed || list.segments.empty()) return false;
  const double from_end = start.offset < 0 ? -start.offset : length - start.offset, nearest = 3 * static_cast<double>(list.target_duration.value_or(0));
  const auto find = [&](std::string what) {
    findings.push_back({find_rule("start-offset")->id, where, std::move(what)});
    return true;
  };
  if (std::abs(start.offset) > length + slack_s) return find(fmt::format("TIME-OFFSET is {} s, the playlist has {:.3f} s", start.offset, length));
  if (!list.end_list && from_end < nearest - slack_s) return find(fmt::format("TIME-OFFSET is {} s, {:.3f} s from the end of a live playlist; three target durations are {} s", start.offset, from_end, nearest));
  return false;
}

namespace {

// A date range stays while a segment of its time is listed (6.2.1), and what is said of it stays as well.
void check_ranges(const ReadMedia& old, const ReadMedia& now, const std::function<void(std::string_view, std::string)>& find) {
  for (const DateRange& range : now.date_ranges.tags()) {
    if (const auto differs = old.date_ranges.differing_attribute(range)) find("date-ranges", fmt::format("the {} of the EXT-X-DATERANGE {} has changed", *differs, range.id));
  }
  const auto dated = std::ranges::find_if(now.segments, [](const ReadSegment& s) { return s.date_ms.has_value(); });
  if (dated == now.segments.end() || now.delta) return;
  for (const DateRange& range : old.date_ranges.tags()) {
    if (!range.start_ms || now.date_ranges.has(range.id)) continue;
    const double end = static_cast<double>(*range.start_ms) + 1000 * range.duration.value_or(0);
    if (end >= static_cast<double>(*dated->date_ms)) find("date-ranges", fmt::format("the EXT-X-DATERANGE {} has gone, segments of its time are listed", range.id));
  }
}

std::size_t open_parts(const ReadMedia& list) {
  return !list.segments.empty() && list.segments.back().uri.empty() ? list.segments.back().parts.size() : 0;
}

// Parts go from the front when they are old (6.2.2); those that both list are the same.
std::optional<std::string> changed_part(const ReadSegment& was, const ReadSegment& is) {
  const bool both_whole = !was.uri.empty() && !is.uri.empty();
  const std::size_t gone = both_whole && was.parts.size() > is.parts.size() ? was.parts.size() - is.parts.size() : 0;
  for (std::size_t k = gone; k < was.parts.size() && k - gone < is.parts.size(); ++k) {
    const ReadPart &before = was.parts[k], &now = is.parts[k - gone];
    if (before.uri == now.uri && before.duration == now.duration && before.independent == now.independent && before.gap == now.gap) continue;
    return fmt::format("part {} of segment {} was {} of {} s, now {} of {} s", k, was.msn, before.uri, before.duration, now.uri, now.duration);
  }
  return std::nullopt;
}

// "" when it is the same.
std::string changed_segment(const ReadSegment& was, const ReadSegment& is, bool moved) {
  if (is.gap != was.gap) return is.gap ? "was listed with media and is a gap now" : "was a gap and is none now";
  if (is.uri != was.uri) return fmt::format("was {} and is {} now", was.uri, is.uri);
  if (is.duration != was.duration) return fmt::format("lasted {} s and lasts {} s now", was.duration, is.duration);
  if (moved) return fmt::format("had the discontinuity sequence number {} and has {} now", was.discontinuity_sequence, is.discontinuity_sequence);
  if (was.date_ms && is.date_ms && *was.date_ms != *is.date_ms) return fmt::format("has another date, {:+.3f} s from what it was", static_cast<double>(*is.date_ms - *was.date_ms) / 1000);
  return "";
}

// What is told of one step: each rule once, at the first place where it is broken, and how many more there are.
class StepFindings {
 public:
  StepFindings(const std::string& path, Findings& findings) : path_(path), findings_(findings) {}
  ~StepFindings() {
    for (Told& told : told_) {
      if (told.more > 0) told.finding.what += fmt::format(", and {} more like it", told.more);
      findings_.push_back(std::move(told.finding));
    }
  }
  StepFindings(const StepFindings&) = delete;
  StepFindings& operator=(const StepFindings&) = delete;

  void add(std::string_view rule, std::string what) {
    const auto before = std::ranges::find_if(told_, [&](const Told& told) { return told.finding.rule == rule; });
    if (before != told_.end()) ++before->more;
    else told_.push_back({{find_rule(rule)->id, path_, std::move(what)}, 0});
  }

 private:
  struct Told {
    Finding finding;
    std::size_t more = 0;
  };
  const std::string& path_;
  Findings& findings_;
  std::vector<Told> told_;
};

}  // namespace

void lint_update(const ReadPlaylist& before, const ReadPlaylist& after, const std::string& path, Findings& findings) {
  StepFindings step_findings(path, findings);
  const auto find = [&](std::string_view rule, std::string what) { step_findings.add(rule, std::move(what)); };
  const ReadMedia &old = before.media, &now = after.media;
  if (now.media_sequence < old.media_sequence) {
    find("update-sequence-back", fmt::format("EXT-X-MEDIA-SEQUENCE went from {} to {}", old.media_sequence, now.media_sequence));
    return;  // what follows would only say it again
  }
  if (now.discontinuity_sequence < old.discontinuity_sequence) {
    find("update-discontinuity-back", fmt::format("EXT-X-DISCONTINUITY-SEQUENCE went from {} to {}", old.discontinuity_sequence, now.discontinuity_sequence));
    return;
  }
  check_ranges(old, now, find);
  if (now.target_duration && old.target_duration && now.target_duration != old.target_duration) find("update-target-changed", "EXT-X-TARGETDURATION has changed");
  if (old.end_list && !now.end_list) find("update-tag-removed", "EXT-X-ENDLIST has gone");
  if (!old.type.empty() && now.type.empty()) find("update-tag-removed", "EXT-X-PLAYLIST-TYPE:" + old.type + " has gone");
  if (!old.type.empty() && now.media_sequence > old.media_sequence) {
    find("update-event-removed", fmt::format("segments before {} were removed from a playlist of type {}", now.media_sequence, old.type));
  }
  const std::uint64_t old_end = old.media_sequence + old.skipped + old.complete();
  const std::uint64_t new_end = now.media_sequence + now.skipped + now.complete();
  if (new_end < old_end || (new_end == old_end && open_parts(now) < open_parts(old))) {
    find("update-end-back", fmt::format("it ended before segment {} part {}, now before segment {} part {}", old_end, open_parts(old), new_end, open_parts(now)));
  }
  if (old.end_list && now.end_list && new_end > old_end) find("update-after-end", "segments were added after EXT-X-ENDLIST");
  // EXT-X-SKIP stands for the skipped segments' EXT-X-DISCONTINUITY too (4.4.5.2), so a delta's numbers count from an unknown one:
  // the first segment that both list tells which.
  std::optional<std::int64_t> shift;
  if (old.skipped == 0 && now.skipped == 0) shift = 0;
  const std::uint64_t first = now.media_sequence + now.skipped;
  for (const ReadSegment& was : old.segments) {
    if (was.msn < first || was.msn >= first + now.segments.size()) continue;
    const ReadSegment& is = now.segments[was.msn - first];
    if (const auto changed = changed_part(was, is)) find("update-part-changed", *changed);
    if (was.uri.empty()) continue;
    const std::int64_t step = static_cast<std::int64_t>(is.discontinuity_sequence) - static_cast<std::int64_t>(was.discontinuity_sequence);
    if (!shift) shift = step;
    if (is.uri.empty()) continue;  // update-end-back has said it
    const std::string what = changed_segment(was, is, step != *shift);
    if (!what.empty()) find("update-segment-changed", fmt::format("segment {} {}", was.msn, what));
  }
}

}  // namespace sluice::hls
