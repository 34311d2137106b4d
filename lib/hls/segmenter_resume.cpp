// What a new writer begins with: the renditions of its tracks and of the ledger, and the boundaries that are fixed already.
#include <algorithm>
#include <tuple>
#include <utility>

#include "hls/segmenter_lane.hpp"
#include "media/codec_config.hpp"

namespace sluice::hls {
namespace {

MediaSequence furthest_segment(const LedgerIndex& ledger) {
  MediaSequence furthest = 0;
  for (const Rendition& r : ledger.renditions())
    if (r.started) furthest = std::max(furthest, r.last.msn);
  return furthest;
}

std::int64_t last_segment_start(const Rendition& r) {
  return r.segments.empty() ? r.last.start : r.segments.back().start();
}

// Whether the segment that is to begin at `at` has been begun by an earlier writer.
bool begun(const LedgerIndex& ledger, microseconds at) {
  return std::ranges::any_of(ledger.renditions(), [&](const Rendition& r) {
    return r.started && r.last.msn == furthest_segment(ledger) && to_us(last_segment_start(r), r.record.timescale) >= at;
  });
}

// Further behind than its missing segments are known: it has been left alone by an earlier version, or by hand.
bool long_gone(const LedgerIndex& ledger, const Rendition& r) {
  return furthest_segment(ledger) - r.last.msn >= Rendition::starts_kept;
}

RenditionRecord record_of(const media::Track& track, std::optional<std::uint32_t> init) {
  RenditionRecord record;
  record.name = track.rendition;
  record.init = init;
  record.kind = track.kind();
  record.codecs = media::codec_string(track);
  if (record.codecs.empty()) record.codecs = std::string(media::name(track.codec));
  record.timescale = track.timescale;
  record.width = track.width, record.height = track.height;
  if (track.frame_rate.num > 0 && track.frame_rate.den > 0) record.frame_rate = track.frame_rate;
  record.sample_rate = track.sample_rate, record.channels = track.channels;
  record.bitrate = track.bitrate;
  if (valid_language(track.language)) record.language = track.language;
  record.alone = track.alone && track.kind() == media::Kind::audio;
  return record;
}

// Without a header it is by what the ledger says of a rendition that a change is seen (8216bis 4.4.4.3).
bool changes_media(const RenditionRecord& before, const RenditionRecord& now) {
  const auto of = [](const RenditionRecord& r) { return std::tie(r.codecs, r.width, r.height, r.sample_rate, r.channels); };
  return of(before) != of(now);
}

// What the cutter needs of a rendition that nothing is fed to any more.
media::Track track_of(const RenditionRecord& record) {
  media::Track track;
  track.codec = record.kind == media::Kind::video ? media::Codec::h264
                : record.codecs == "opus"         ? media::Codec::opus
                                                  : media::Codec::aac;
  track.rendition = record.name;
  track.timescale = record.timescale;
  track.frame_rate = record.frame_rate;
  track.sample_rate = record.sample_rate;
  return track;
}

}  // namespace

Segmenter::Segmenter(const LedgerIndex& so_far, SegmenterStart start, Operations& out)
    : header_(*so_far.header()), boundaries_(milliseconds(header_.segment_ms), milliseconds(header_.part_ms), forced_length(header_)) {
  bool discontinuity = start.discontinuity;
  if (start.key_grid) boundaries_.set_key_grid(*start.key_grid);
  for (std::size_t i = 0; i < start.tracks.size(); ++i) {
    const media::Track& track = start.tracks[i];
    const Rendition* known = so_far.find(track.rendition);
    bool new_config = !known || (i < start.new_config.size() && start.new_config[i]);
    if (known && header_.format == Format::ts) new_config = new_config || changes_media(known->record, record_of(track, {}));
    std::optional<std::uint32_t> init;
    if (header_.format == Format::cmaf)
      init = known ? known->record.init.value_or(0) + (new_config ? 1 : 0) : 0;
    const RenditionRecord record = record_of(track, init);
    if (new_config || record != known->record) out.push_back(DeclareRendition{record, track});
    discontinuity = discontinuity || (known && known->started && new_config);
    const bool video = track.kind() == media::Kind::video;
    lanes_.push_back(std::make_unique<Lane>(header_, track, init, boundaries_));
    if (known) lanes_.back()->cutter.resume(*known, new_config);
    if (video) boundaries_.add_frame(to_us(frame_ticks(track), track.timescale));
    if (video && has_video_ && start.ready_made) {
      lanes_.back()->follows = true;
      lanes_.back()->cutter.require_keys(true);
    }
    has_video_ = has_video_ || video;
  }
  for (const auto& lane : lanes_) lane->follows = lane->follows || (has_video_ && !lane->video());
  tracks_ = lanes_.size();
  ends_in_gaps_ = std::ranges::all_of(so_far.renditions(), [](const Rendition& r) { return !r.started || r.last.flags.gap; });
  add_gone(so_far);
  if (start.boundary && !discontinuity && !begun(so_far, *start.boundary)) {
    begun_ = *start.boundary;
    const MediaSequence furthest = furthest_segment(so_far);
    recall_boundaries(so_far, begun_);
    if (!start.vacant) leave_gone(out);
    for (const auto& lane : lanes_) {
      if (lane->cutter.started() && lane->cutter.is_shed()) lane->cutter.fill_until(begun_, out);
      if (lane->cutter.started() && lane->cutter.segment() == furthest) lane->cutter.close_segment();
      lane->cutter.begin_run(begun_);
    }
  } else {
    recall_boundaries(so_far, {});
    if (!start.vacant) leave_gone(out);
  }
  if (discontinuity) {
    MediaSequence next = 0;
    for (const Rendition& r : so_far.renditions())
      if (r.started) next = std::max(next, r.last.msn + 1);
    discontinue(next, out);
  }
}

// A rendition that the ledger holds and no track feeds stays listed, as gaps.
void Segmenter::add_gone(const LedgerIndex& so_far) {
  const microseconds part = boundaries_.part();
  for (const Rendition& r : so_far.renditions()) {
    const bool fed = std::ranges::any_of(lanes_, [&](const auto& lane) { return lane->cutter.track().rendition == r.record.name; });
    if (fed || !r.started || long_gone(so_far, r)) continue;
    lanes_.push_back(std::make_unique<Lane>(header_, track_of(r.record), r.record.init, boundaries_));
    lanes_.back()->cutter.resume(r, false);
    lanes_.back()->gone = true;
  }
  boundaries_.set_part(part);
}

// What it has of the segment in which it stopped was accepted, and stays listed: what it lacks of that is a hole of its source. Only from
// there on is it shed.
void Segmenter::leave_gone(Operations& out) {
  microseconds furthest{0};
  for (const auto& lane : lanes_) furthest = std::max(furthest, lane->cutter.position());
  for (const auto& lane : lanes_) {
    if (!lane->gone) continue;
    RenditionCutter& cutter = lane->cutter;
    const Boundary* next = boundaries_.find(cutter.segment() + 1);
    if (!cutter.is_shed() && cutter.is_open()) cutter.fill_until(next ? next->at : furthest, out);
    cutter.go(out);
  }
}

// The boundaries that renditions still behind the furthest must keep to, and the next one where it is fixed
// already, or given.
void Segmenter::recall_boundaries(const LedgerIndex& so_far, std::optional<microseconds> next) {
  struct Known {
    bool set = false, video = false, discontinuity = false;
    microseconds at{0};
  };
  std::vector<Known> known;
  MediaSequence lowest = 0;
  bool any = false;
  microseconds furthest{0};
  // One that has written nothing yet may be fed from the beginning of all that is known.
  const bool beginner = std::ranges::any_of(lanes_, [](const auto& lane) { return !lane->cutter.started(); });
  for (const Rendition& r : so_far.renditions()) {
    if (!r.started || long_gone(so_far, r)) continue;
    const MediaSequence first = beginner && !r.starts.empty() ? std::min(r.starts.front().msn, r.last.msn) : r.last.msn;
    lowest = any ? std::min(lowest, first) : first;
    any = true;
  }
  if (!any) return;
  for (const Rendition& r : so_far.renditions()) {
    if (!r.started) continue;
    const bool video = r.record.kind == media::Kind::video;
    const auto set = [&](MediaSequence msn, std::int64_t at, bool discontinuity = false) {
      if (msn < lowest) return;
      if (msn - lowest >= known.size()) known.resize(msn - lowest + 1);
      Known& k = known[msn - lowest];
      const bool breaks = k.discontinuity || discontinuity;
      if (!k.set || (video && !k.video)) k = {true, video, breaks, to_us(at, r.record.timescale)};
      k.discontinuity = breaks;
    };
    for (const Rendition::Begun& begun : r.starts) set(begun.msn, begun.at, begun.discontinuity);
    if (r.last.flags.last) set(r.last.msn + 1, r.end);
    if (video || !has_video_) furthest = std::max(furthest, to_us(r.end, r.record.timescale));
  }
  if (next) {
    known.resize(furthest_segment(so_far) - lowest + 1);
    known.push_back({true, true, false, *next});
    furthest = std::max(furthest, *next);
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (!known[i].set) known[i].at = known[i - 1].at;
    boundaries_.recall({lowest + i, known[i].at, false, known[i].discontinuity});
  }
  // A part is written when the frame after it has been looked at: a keyframe there is a restarted encoder's,
  // and starts no segment.
  boundaries_.evaluated_until(furthest + milliseconds(5));
}

}  // namespace sluice::hls
