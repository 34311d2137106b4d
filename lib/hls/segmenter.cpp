#include "hls/segmenter.hpp"

#include <algorithm>
#include <utility>

#include "media/codec_config.hpp"

namespace sluice::hls {
namespace {

// A follower waits for the video that fixes its boundaries; longer than an encoder's delay, then it goes on alone.
constexpr microseconds follower_wait{5'000'000};
// A rendition this far behind the furthest is absent: gap parts take its place up to about half of it.
constexpr microseconds absent_after{10'000'000};
// A hole longer than this is another timeline: a discontinuity, rather than hours of gap parts.
constexpr microseconds longest_hole{60'000'000};
// A rung that comes back lags behind the source by its encoder's delay: gaps wait so long for it, or they would pass each
// keyframe that it could come back with.
constexpr microseconds longest_return{5'000'000};
// What audio may have before the first picture.
constexpr microseconds audio_lead{200'000};

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

std::string_view describe(Remark::What what) {
  switch (what) {
    case Remark::What::forced_cut:
      return "a segment starts without a keyframe";
    case Remark::What::late_packet:
      return "a packet came after its time and was dropped";
    case Remark::What::before_keyframe:
      return "a packet before the first keyframe was dropped";
    case Remark::What::hole:
      return "the source left a hole; gap parts stand for it";
    case Remark::What::bridged:
      return "sound is missing; its last frame stands for it";
    case Remark::What::absent:
      return "a rendition is missing; gap parts stand for it";
    case Remark::What::jump:
      return "the source's time jumped; a discontinuity";
    case Remark::What::time_mended:
      return "a decode time that did not grow was mended";
  }
  return "unknown";
}

struct Segmenter::Lane {
  Lane(const LedgerHeader& header, const media::Track& track, std::optional<std::uint32_t> init,
       Boundaries& boundaries)
      : cutter(header, track, init, boundaries) {}
  RenditionCutter cutter;
  bool follows = false;  // another lane's video decides for it
  std::deque<media::Packet> waiting;

  bool video() const { return cutter.track().kind() == media::Kind::video; }
  // What the leading video must have reached before the packet's place is decided: its boundaries are pictures' times.
  microseconds decided_at(const media::Packet& packet) const {
    return to_us(video() && packet.key ? packet.pts : packet.dts, cutter.track().timescale);
  }
};

Segmenter::~Segmenter() = default;

Segmenter::Segmenter(const LedgerIndex& so_far, SegmenterStart start, Operations& out)
    : header_(*so_far.header()), boundaries_(milliseconds(header_.segment_ms), milliseconds(header_.part_ms), forced_length(header_)) {
  bool discontinuity = start.discontinuity;
  for (std::size_t i = 0; i < start.tracks.size(); ++i) {
    const media::Track& track = start.tracks[i];
    const Rendition* known = so_far.find(track.rendition);
    const bool new_config = !known || (i < start.new_config.size() && start.new_config[i]);
    std::optional<std::uint32_t> init;
    if (header_.format == Format::cmaf)
      init = known ? known->record.init.value_or(0) + (new_config ? 1 : 0) : 0;
    const RenditionRecord record = record_of(track, init);
    if (new_config || record != known->record) out.push_back(DeclareRendition{record, track});
    discontinuity = discontinuity || (known && known->started && new_config);
    const bool video = track.kind() == media::Kind::video;
    lanes_.push_back(std::make_unique<Lane>(header_, track, init, boundaries_));
    if (known) lanes_.back()->cutter.resume(*known);
    if (video && has_video_ && start.ready_made) {
      lanes_.back()->follows = true;
      lanes_.back()->cutter.require_keys();
    }
    has_video_ = has_video_ || video;
  }
  for (const auto& lane : lanes_) lane->follows = lane->follows || (has_video_ && !lane->video());
  tracks_ = lanes_.size();
  ends_in_gaps_ = std::ranges::all_of(so_far.renditions(), [](const Rendition& r) { return !r.started || r.last.flags.gap; });
  add_gone(so_far, start.vacant, out);
  if (start.boundary && !discontinuity && !begun(so_far, *start.boundary)) {
    begun_ = *start.boundary;
    const MediaSequence furthest = furthest_segment(so_far);
    recall_boundaries(so_far, begun_);
    for (const auto& lane : lanes_) {
      if (lane->cutter.started() && lane->cutter.is_shed()) lane->cutter.fill_until(begun_, out);
      if (lane->cutter.started() && lane->cutter.segment() == furthest) lane->cutter.close_segment();
    }
  } else {
    recall_boundaries(so_far, {});
  }
  if (discontinuity) {
    MediaSequence next = 0;
    for (const Rendition& r : so_far.renditions())
      if (r.started) next = std::max(next, r.last.msn + 1);
    discontinue(next, out);
  }
}

// A rendition that the ledger holds and no track feeds stays listed, as gaps.
void Segmenter::add_gone(const LedgerIndex& so_far, bool vacant, Operations& out) {
  const microseconds part = boundaries_.part();
  for (const Rendition& r : so_far.renditions()) {
    const bool fed = std::ranges::any_of(lanes_, [&](const auto& lane) { return lane->cutter.track().rendition == r.record.name; });
    if (fed || !r.started || long_gone(so_far, r)) continue;
    lanes_.push_back(std::make_unique<Lane>(header_, track_of(r.record), r.record.init, boundaries_));
    lanes_.back()->cutter.resume(r);
    if (!vacant) lanes_.back()->cutter.go(out);
  }
  boundaries_.set_part(part);
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
  for (const Rendition& r : so_far.renditions()) {
    if (!r.started || long_gone(so_far, r)) continue;
    lowest = any ? std::min(lowest, r.last.msn) : r.last.msn;
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

// Closes the open segment everywhere; the next MSN is the same for all, and none before it is missing.
void Segmenter::discontinue(MediaSequence at_least, Operations& out) {
  microseconds furthest{0};
  MediaSequence next = at_least;
  for (const auto& lane : lanes_)
    if (lane->cutter.started()) furthest = std::max(furthest, lane->cutter.position());
  for (const auto& lane : lanes_) {
    if (!lane->cutter.started()) continue;
    // Tracks never end on the same microsecond; what is missing of a part is left to the discontinuity.
    if (furthest - lane->cutter.position() > milliseconds(header_.part_ms)) {
      lane->cutter.fill_until(furthest, out);
    } else {
      lane->cutter.flush(false, out);
    }
    next = std::max(next, lane->cutter.after_last());
  }
  for (const auto& lane : lanes_) lane->cutter.fill_segments_before(next, out);
  for (const auto& lane : lanes_) lane->cutter.discontinue(next);
  first_msn_ = next;
  video_here_ = false;
  video_position_ = microseconds(0);
  boundaries_.clear();
}

bool Segmenter::jumps(const Lane& lane, const media::Packet& packet) const {
  const media::Track& track = lane.cutter.track();
  return lane.cutter.started() && !lane.cutter.awaits_start() &&
         to_us(packet.dts, track.timescale) - lane.cutter.position() > longest_hole;
}

void Segmenter::push(media::Packet packet, Operations& out) {
  if (packet.track >= tracks_) return;
  Lane& lane = *lanes_[packet.track];
  if (jumps(lane, packet)) {
    for (const auto& other : lanes_) {
      while (!other->waiting.empty() && !jumps(*other, other->waiting.front())) {
        media::Packet before = std::move(other->waiting.front());
        other->waiting.pop_front();
        accept(*other, std::move(before), false, out);
      }
    }
    out.push_back(Remark{Remark::What::jump, lane.cutter.track().rendition, lane.cutter.position(),
                         to_us(packet.dts, lane.cutter.track().timescale) - lane.cutter.position()});
    discontinue(0, out);
  }
  if (lane.follows) {
    lane.waiting.push_back(std::move(packet));
  } else {
    accept(lane, std::move(packet), true, out);
  }
  if (has_video_) release_followers(out);
  fill_absent(out);
}

void Segmenter::accept(Lane& lane, media::Packet packet, bool leads, Operations& out) {
  const media::Track& track = lane.cutter.track();
  const bool video = track.kind() == media::Kind::video;
  const microseconds dts = to_us(packet.dts, track.timescale);
  if (boundaries_.empty()) {
    if (video && !packet.key) {
      out.push_back(Remark{Remark::What::before_keyframe, track.rendition, dts, {}});
      return;
    }
    boundaries_.start({first_msn_, to_us(packet.pts, track.timescale), false}, video);
  }
  if (video && !video_here_ && (packet.key || lane.cutter.started())) {
    video_here_ = true;
    first_video_ = dts;
    video_position_ = dts;
  }
  if (!video && has_video_ && !lane.cutter.started() && video_here_ && dts < first_video_ - audio_lead)
    return;
  if (!lane.cutter.started() && to_us(packet.pts + packet.duration / 2, track.timescale) < begun_) return;
  if (video && video_here_) video_position_ = std::max(video_position_, dts);
  lane.cutter.push(std::move(packet), leads, out);
}

void Segmenter::release_followers(Operations& out) {
  for (const auto& lane : lanes_) {
    std::deque<media::Packet>& waiting = lane->waiting;
    const std::uint32_t timescale = lane->cutter.track().timescale;
    while (!waiting.empty()) {
      const microseconds dts = to_us(waiting.front().dts, timescale);
      const bool decided = video_here_ && lane->decided_at(waiting.front()) <= video_position_;
      const bool leads = !decided && to_us(waiting.back().dts, timescale) - dts >= follower_wait;
      if (!decided && !leads) break;
      media::Packet packet = std::move(waiting.front());
      waiting.pop_front();
      accept(*lane, std::move(packet), leads, out);
    }
  }
}

// Gaps for renditions that are shed, or that have sent nothing for long while others went on.
void Segmenter::fill_absent(Operations& out) {
  microseconds furthest{0};
  for (const auto& lane : lanes_) furthest = std::max(furthest, lane->cutter.position());
  for (const auto& lane : lanes_) {
    RenditionCutter& cutter = lane->cutter;
    if (!cutter.started() || boundaries_.empty()) continue;
    if (cutter.awaits_start()) {
      // After a discontinuity its place is where the others began.
      const Boundary* begun = boundaries_.find(first_msn_);
      if (!begun || (!cutter.is_shed() && furthest - begun->at <= absent_after)) continue;
      cutter.begin_at(begun->at);
    }
    const microseconds behind = furthest - cutter.position();
    // Whole segments: of the one after them it may yet send a part.
    const microseconds missed = boundaries_.holding(furthest - absent_after / 2)->at;
    if (cutter.is_shed()) {
      const microseconds decided = std::min(furthest, has_video_ ? video_position_ : furthest);
      if (cutter.expected_back() && decided - cutter.position() < longest_return) continue;
      if (decided - cutter.position() >= milliseconds(header_.part_ms)) cutter.fill_until(decided, out);
    } else if (behind > absent_after && behind <= longest_hole && missed > cutter.position() && lane->waiting.empty()) {
      out.push_back(Remark{Remark::What::absent, cutter.track().rendition, cutter.position(), behind});
      if (lane->follows && lane->video()) {
        cutter.shed(out);  // it comes back with a keyframe only
        cutter.expect_back();
      }
      cutter.fill_until(missed, out);
    }
  }
}

// Whole parts, in segments of the usual length.
void Segmenter::fill_gaps(microseconds until, Operations& out) {
  if (lanes_.empty()) return;
  if (!vacant_since_) begin_gaps();
  const milliseconds segment(header_.segment_ms);
  for (; *vacant_since_ + boundaries_.part() <= until; *vacant_since_ += boundaries_.part()) {
    if (*vacant_since_ >= boundaries_.newest().at + segment) boundaries_.declare(*vacant_since_, true);
    for (const auto& lane : lanes_) lane->cutter.fill_until(*vacant_since_ + boundaries_.part(), out);
  }
}

// In a segment of their own: one with media and gaps could not be played by who asks for the whole.
void Segmenter::begin_gaps() {
  MediaSequence last = 0;
  for (const auto& lane : lanes_) last = std::max(last, lane->cutter.segment());
  vacant_since_ = microseconds(0);
  for (const auto& lane : lanes_) vacant_since_ = std::max(*vacant_since_, lane->cutter.position());
  if (ends_in_gaps_) return;
  for (const auto& lane : lanes_)
    if (lane->cutter.segment() == last) lane->cutter.close_segment();
  if (boundaries_.find(last + 1) == nullptr) boundaries_.declare(*vacant_since_, true);
}

void Segmenter::shed(std::string_view rendition, Operations& out) {
  for (const auto& lane : lanes_)
    if (lane->cutter.track().rendition == rendition) lane->cutter.shed(out);
}

void Segmenter::expect_back(std::string_view rendition) {
  for (const auto& lane : lanes_)
    if (lane->cutter.track().rendition == rendition) lane->cutter.expect_back();
}

microseconds Segmenter::due() const {
  std::optional<microseconds> due;
  if (has_video_) {
    due = boundaries_.next_key();
    if (!due) return microseconds(0);
  }
  for (const auto& lane : lanes_) {
    if (lane->cutter.is_shed()) continue;
    due = due ? std::min(*due, lane->cutter.part_due()) : lane->cutter.part_due();
  }
  return due.value_or(microseconds(0));
}

void Segmenter::finish(bool ended, Operations& out) {
  for (const auto& lane : lanes_) {
    while (!lane->waiting.empty()) {
      media::Packet packet = std::move(lane->waiting.front());
      lane->waiting.pop_front();
      // No picture will come to end the segment that sound after the last one lies in.
      const microseconds dts = to_us(packet.dts, lane->cutter.track().timescale);
      const bool full = !boundaries_.empty() && dts - boundaries_.newest().at >= forced_length(header_);
      const bool leads = !video_here_ || (full && dts > video_position_);
      accept(*lane, std::move(packet), leads, out);
    }
  }
  for (const auto& lane : lanes_) {
    RenditionCutter& cutter = lane->cutter;
    if (ended && video_here_ && cutter.is_shed() && cutter.started() && !cutter.awaits_start()) cutter.fill_until(video_position_, out);
    lane->cutter.flush(ended, out);
  }
}

}  // namespace sluice::hls
