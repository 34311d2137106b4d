#include "hls/rendition_cutter.hpp"

#include <algorithm>
#include <utility>

namespace sluice::hls {
namespace {

// A follower whose keyframe is not where the leader's was waits this long for one.
constexpr microseconds keyframe_wait{300'000};
// A copied frame is known again by its decode time; clocks of containers round to a millisecond.
constexpr microseconds same_frame{3'000};
// Decode times that stand still or step back by less than this are one muxer's carelessness; more is another
// timeline.
constexpr microseconds mendable{1'000'000};
// Sound that begins later than the picture after a break has a segment of its own time made whole; players take less for the same.
constexpr microseconds late{200'000};
// Audio may stray this far from a whole number of frames before its times are drawn after the source's, a
// sixteenth at a time.
constexpr std::int64_t jitter_per_mille = 2;
// By so many parts a picture may be decoded before the time that it is fed with.
constexpr std::int64_t parts_early = 2;

}  // namespace

RenditionCutter::RenditionCutter(const LedgerHeader& header, const media::Track& track,
                                 std::optional<std::uint32_t> init, Boundaries& boundaries)
    : track_(track),
      init_(init),
      limits_(header, track),
      forced_length_(forced_length(header)),
      boundaries_(boundaries),
      needs_key_(track.kind() == media::Kind::video) {
  if (video()) boundaries_.set_part(us(limits_.usual_part));
}

void RenditionCutter::resume(const Rendition& so_far) {
  started_ = so_far.started;
  shed_ = expected_back_ = so_far.shed;  // a new feeder begins with every rung
  if (!started_) return;
  resumed_ = true;
  free_start_ = false;
  needs_key_ = shed_ && video();
  msn_ = so_far.last.msn;
  next_part_ = so_far.last.part + 1;
  closed_ = so_far.last.flags.last;
  segment_start_ = so_far.segments.empty() ? so_far.last.start : so_far.segments.back().start();
  if (!so_far.segments.empty()) composition_ = so_far.segments.back().parts.front().composition;
  end_ = so_far.end;
  source_end_ = ticks(so_far.source_end);
}

void RenditionCutter::discontinue(MediaSequence msn) {
  msn_ = msn;
  next_part_ = 0;
  closed_ = false;
  segment_start_ = end_;
  free_start_ = true;
  discontinuity_ = msn > 0;
  needs_key_ = video();
  resumed_ = false;
  sound_.reset();  // a decoder may begin anew here
}

void RenditionCutter::begin_at(microseconds at) {
  end_ = std::max(end_, ticks(at));
  segment_start_ = part_start_ = end_;
  free_start_ = false;
}

// Where the held one ends, going by its usual length. One that begins early lasts from its own time on.
std::int64_t RenditionCutter::held_end() const { return std::max(held_->start, held_->packet.dts) + usual(held_->packet); }

microseconds RenditionCutter::position() const { return held_ ? us(held_end()) : us(end_); }

microseconds RenditionCutter::part_due() const {
  if (!held_) return position();
  constexpr int reordering = 4;  // frames by which a keyframe's decode time may be before the boundary it starts
  const microseconds due = std::min(us(part_start_ + limits_.usual_part - limits_.frame),
                                    us(segment_start_ - limits_.frame) + forced_length_);
  const Boundary* next = boundaries_.find(msn_ + 1);
  return next ? std::min(due, next->at - us(reordering * limits_.frame)) : due;
}

std::int64_t RenditionCutter::usual(const media::Packet& packet) const {
  return packet.duration > 0 && packet.duration <= limits_.part_most ? packet.duration : limits_.frame;
}

void RenditionCutter::remark(Remark::What what, std::int64_t at, std::int64_t length, Operations& out) const {
  out.push_back(Remark{what, track_.rendition, us(at), us(length)});
}

// The first packet of this writer, of a discontinuity or after a shed: where does the rendition begin?
bool RenditionCutter::joins(const media::Packet& packet, Operations& out) {
  if (needs_key_ && !packet.key) {
    remark(Remark::What::before_keyframe, packet.dts, usual(packet), out);
    return false;
  }
  needs_key_ = false;
  if (!free_start_) return true;
  const std::int64_t start = std::max(packet.dts, end_);
  if (!boundaries_.empty()) {
    // Later than others: in the segment that they are in. One that had parts before may leave out no segment, nor may sound begin one late.
    const std::int64_t half = limits_.frame / 2;
    const Boundary* here = boundaries_.holding(us(packet.pts + half));
    if (!started_) {
      discontinuity_ = discontinuity_ && here->msn == msn_;
      msn_ = here->msn;
    } else if (const Boundary* first = boundaries_.find(msn_); first && (here->msn > msn_ || (!video() && start - ticks(first->at) > ticks(late)))) {
      end_ = std::max(end_, ticks(first->at));
      segment_start_ = part_start_ = end_;
      free_start_ = false;
      if (!video()) sound_ = packet;
      fill(start, out);
      return true;
    }
  }
  end_ = segment_start_ = part_start_ = start;
  free_start_ = false;
  return true;
}

// The decode time to give a packet; nothing when the ledger has passed it.
std::optional<std::int64_t> RenditionCutter::place(const media::Packet& packet, Operations& out) {
  const std::int64_t expected = held_ ? held_end() : end_;
  const std::int64_t off = packet.dts - expected;
  const std::int64_t half = usual(packet) / 2;
  if (!video()) {
    if (off < -half) return std::nullopt;
    if (off > half) return packet.dts;
    const bool jitter = std::abs(off) <= track_.timescale * jitter_per_mille / 1000;
    return resumed_ || jitter ? expected : expected + off / 16;
  }
  if (!held_) {
    const std::int64_t tolerance = std::min(half, ticks(same_frame));
    const std::int64_t passed = resumed_ ? std::max(end_, source_end_) : end_;
    // What a run begins with no ledger has, however short it leaves the frame before.
    const bool fresh = run_begins_ && packet.dts >= *run_begins_;
    if (packet.dts < passed - tolerance && !fresh) return std::nullopt;
    const bool follows = off <= half || (resumed_ && off < parts_early * limits_.part_most && !break_before(packet, packet.dts));
    return follows ? expected : packet.dts;
  }
  if (packet.dts > held_->start) return no_later(packet.dts);
  if (held_->start - packet.dts > ticks(mendable)) return std::nullopt;
  remark(Remark::What::time_mended, packet.dts, held_->start + 1 - packet.dts, out);
  return held_->start + 1;
}

// Where an earlier writer has begun what does not follow, in other renditions: their ends were brought together before it, and nothing is missing.
const Boundary* RenditionCutter::break_before(const media::Packet& packet, std::int64_t start) const {
  const Boundary* next = boundaries_.find(msn_ + 1);
  if (!next || !next->discontinuity || start <= end_) return nullptr;
  const std::int64_t from = ticks(next->at) - limits_.frame / 2;
  return start >= from || (packet.key && packet.pts >= from) ? next : nullptr;
}

// As long as the held one can last: its part, which is not too short without it, or its segment.
std::int64_t RenditionCutter::held_most() const {
  const bool opens = samples_.empty() || held_->start - part_start_ >= limits_.part_least;
  return std::min((opens ? held_->start : part_start_) + limits_.part_most, segment_start_ + limits_.segment_most);
}

// A picture that the one before it cannot last until is decoded earlier than it is fed, and shown when it was to be: where a source leaves some out that
// is better than a hole, or a part that is too short.
std::int64_t RenditionCutter::no_later(std::int64_t dts) const {
  const std::int64_t latest = held_most();
  return latest > held_->start && dts > latest && dts - latest < parts_early * limits_.part_most ? latest : dts;
}

// The boundary that this packet starts, if it starts one.
const Boundary* RenditionCutter::cut_at(const media::Packet& packet, std::int64_t start, bool leads) const {
  const std::int64_t half = limits_.frame / 2;
  const Boundary* next = boundaries_.find(msn_ + 1);
  if (!next) {
    if (video() && leads)
      return boundaries_.video({shown_at(us(packet.pts), us(start), forced_length_), us(start), us(usual(packet)), us(segment_start_), packet.key});
    return leads ? boundaries_.audio(us(start), us(usual(packet))) : nullptr;
  }
  const std::int64_t at = ticks(next->at);
  const bool too_long = start + usual(packet) - segment_start_ > limits_.segment_most;
  if (!video()) return start >= at || too_long ? next : nullptr;
  if (packet.key && packet.pts >= at - half) return next;
  const bool waited = next->forced || start >= at + ticks(keyframe_wait);
  return start >= at - half && (waited || too_long) ? next : nullptr;
}

// Whether the open part ends where a packet starts. Video parts are as many frames as usual. Audio frames and parts
// share no divisor: an audio part ends with the first frame past the end of a video part, or else the rests would
// add up to a last part of a frame or two in each segment, a request of its own. hls.js 1.7 missed
// such crumbs when they followed the part before within milliseconds, and its audio stood still for 3 s.
bool RenditionCutter::part_ends(std::int64_t start) const {
  if (video()) return end_ - part_start_ >= std::max(limits_.usual_part - limits_.frame / 2, limits_.part_least);
  const Boundary* here = boundaries_.find(msn_);
  const std::int64_t from = here ? ticks(here->at) : segment_start_;
  const std::int64_t step = std::max<std::int64_t>(1, ticks(boundaries_.part()));
  const std::int64_t past = start > from ? (start - from) % step : 0;  // since a video part ended
  return past < limits_.frame && start - part_start_ >= limits_.part_least;
}

void RenditionCutter::push(media::Packet packet, bool leads, Operations& out) {
  if (shed_) {
    // A keyframe that gaps have passed already starts nothing: what leans on it could not be decoded.
    const std::int64_t tolerance = std::min(usual(packet) / 2, ticks(same_frame));
    const bool passed = video() && !free_start_ && packet.dts < end_ - tolerance;
    if (needs_key_ && (!packet.key || passed)) return;
  }
  const bool first = free_start_;
  if (!held_ && (needs_key_ || free_start_) && !joins(packet, out)) return;
  // The first of a timeline begins it, even where a B-frame encoder counts decode time from below zero.
  const std::optional<std::int64_t> start = first && packet.dts < end_ && video() ? end_ : place(packet, out);
  if (!start) {
    if (!resumed_) remark(Remark::What::late_packet, packet.dts, usual(packet), out);
    return;
  }
  const Boundary* broken = resumed_ ? break_before(packet, *start) : nullptr;
  resumed_ = false;
  run_begins_.reset();
  if (held_) append_held(*start, out);
  source_end_ = video() && *start == end_ ? std::max(end_, packet.dts) : end_;
  if (broken && !shed_) {
    end_ = *start;
    start_segment(broken->msn, *start);
  } else if (*start > end_) {  // a hole: the held sample could not be that long
    const bool alone = requires_keys_ && started_ && !shed_;  // the others go on: players do better with one of them
    if (alone) {
      remark(Remark::What::hole, end_, *start - end_, out);
      shed(out);
      expect_back();
    }
    if (alone && !packet.key) return;
    needs_key_ = false;
    if (!video() && !sound_) sound_ = packet;
    fill(*start, out);
  }
  if (shed_) {
    shed_ = expected_back_ = false;  // after the last of its gaps
    out.push_back(ShedRecord{track_.rendition, false});
  }

  const bool fresh = next_part_ == 0 && samples_.empty() && !closed_;
  const Boundary* cut = fresh ? nullptr : cut_at(packet, *start, leads);
  if (cut) {
    close_part(true, out);
    start_segment(cut->msn, *start);
    if (!packet.key && requires_keys_ && !cut->forced) {
      shed(out);
      expect_back();
      return;
    }
  } else if (closed_) {
    // An earlier writer closed its last segment at the boundary that this packet starts.
    start_segment(msn_ + 1, *start);
  } else if (part_ends(*start)) {
    close_part(false, out);
  }
  if (std::exchange(empty_, false) && !packet.key) remark(Remark::What::forced_cut, *start, 0, out);
  if (samples_.empty()) part_start_ = *start;
  shown_ = std::max(shown_, packet.pts);
  held_ = Held{std::move(packet), *start};
}

void RenditionCutter::append_held(std::int64_t next_start, Operations& out) {
  Held held = std::move(*held_);
  held_.reset();
  const std::int64_t room = std::max<std::int64_t>(1, limits_.segment_most - (held.start - segment_start_));
  const std::int64_t duration = std::min({next_start - held.start, limits_.part_most, room});
  if (!samples_.empty() && held.start + duration - part_start_ > limits_.part_most) {
    source_end_ = std::max(end_, held.packet.dts);
    close_part(false, out);
  }
  if (samples_.empty()) part_start_ = held.start;
  samples_.push_back({static_cast<std::uint32_t>(held.packet.data.size()),
                      static_cast<std::uint32_t>(duration),
                      static_cast<std::int32_t>(held.packet.pts - held.start), held.packet.key});
  if (!video()) sound_ = held.packet;
  packets_.push_back(std::move(held.packet));
  source_end_ = end_ = held.start + duration;
}

void RenditionCutter::close_part(bool last, Operations& out) {
  if (samples_.empty()) return;
  WritePart op{track_.rendition, track_.kind()};
  op.part.msn = msn_;
  op.part.part = next_part_++;
  op.part.start = part_start_;
  op.part.duration = end_ - part_start_;
  op.part.src_begin_us = std::max<std::int64_t>(0, us(std::min(packets_.front().dts, part_start_)).count());
  op.part.src_end_us = us(std::max(end_, source_end_)).count();
  op.part.init = init_;
  op.part.flags = {!video() || samples_.front().key, last, false, std::exchange(discontinuity_, false)};
  if (video() && op.part.part == 0) op.part.composition = composition_ = samples_.front().cts;
  op.samples = std::exchange(samples_, {});
  op.packets = std::exchange(packets_, {});
  samples_.reserve(op.samples.size());
  packets_.reserve(op.packets.size());
  out.push_back(std::move(op));
  part_start_ = end_;
  started_ = true;
  closed_ = last;
}

void RenditionCutter::start_segment(MediaSequence msn, std::int64_t at) {
  msn_ = msn;
  next_part_ = 0;
  segment_start_ = at;
  closed_ = false;
  empty_ = video();
  const Boundary* here = boundaries_.find(msn);
  discontinuity_ = discontinuity_ || (here && here->discontinuity);
}

void RenditionCutter::emit_gap(std::int64_t until, bool last, Operations& out, const media::Packet* sound) {
  WritePart op{track_.rendition, track_.kind()};
  op.part.msn = msn_;
  op.part.part = next_part_++;
  op.part.start = end_;
  op.part.duration = until - end_;
  op.part.src_begin_us = us(end_).count();
  op.part.src_end_us = us(until).count();
  op.part.init = init_;
  op.part.flags = {sound != nullptr, last, sound == nullptr, std::exchange(discontinuity_, false)};
  if (op.part.part == 0) op.part.composition = composition_;  // of the frame that is missing
  if (sound != nullptr) {
    op.samples.push_back({static_cast<std::uint32_t>(sound->data.size()), static_cast<std::uint32_t>(until - end_), 0, true});
    op.packets.push_back(*sound);
  }
  out.push_back(std::move(op));
  part_start_ = end_ = until;
  started_ = true;
  closed_ = last;
}

// Gaps where a whole segment is missing. Of one that has sound elsewhere they would be in the middle, and it would be shorter than its
// EXTINF: there a frame of sound stands for what is missing.
void RenditionCutter::fill(std::int64_t until, Operations& out) {
  if (until <= end_) return;
  const std::int64_t from = end_;
  const bool bridges = sound_ && !shed_ && until - end_ >= limits_.frame;
  bool gap = !bridges, gaps = gap;
  close_part(false, out);
  const std::int64_t half = limits_.frame / 2;
  const std::int64_t step = std::clamp<std::int64_t>(ticks(boundaries_.part()), 1, limits_.part_most);
  while (end_ < until) {
    if (closed_) start_segment(msn_ + 1, end_);
    const Boundary* next = boundaries_.find(msn_ + 1);
    std::int64_t to = until - end_ <= limits_.part_most ? until : end_ + step;
    if (!next && to - segment_start_ > ticks(forced_length_) && end_ > segment_start_ &&
        !boundaries_.empty()) {
      next = boundaries_.declare(us(end_), true);
    }
    const std::int64_t reach = next ? std::min(to, std::max(ticks(next->at), end_)) : to;
    const bool too_long = reach - segment_start_ > limits_.segment_most && end_ > segment_start_;
    if (next && (too_long || ticks(next->at) <= end_ + half) && next_part_ > 0) {
      start_segment(next->msn, end_);
      continue;
    }
    if (bridges && next_part_ == 0) gap = next && ticks(next->at) <= until;
    gaps = gaps || gap;
    const bool last = next && ticks(next->at) > end_ && ticks(next->at) <= std::min(to + half, end_ + limits_.part_most);
    if (last) to = std::min(until, std::max(ticks(next->at), end_ + 1));
    emit_gap(to, last, out, gap ? nullptr : &*sound_);
  }
  if (!shed_) remark(gaps ? Remark::What::hole : Remark::What::bridged, from, until - from, out);
}

void RenditionCutter::hold_until(microseconds until, bool within_part, Operations& out) {
  if (!video() || !held_) return;
  // Where others have gone on to the next segment, no longer than its own.
  const Boundary* next = boundaries_.find(msn_ + 1);
  std::int64_t end = ticks(next ? std::min(until, next->at - composition()) : until);
  if (within_part) end = std::min(end, std::max(held_most(), held_end()));
  if (end > held_->start) append_held(end, out);
}

microseconds RenditionCutter::composition() const {
  if (next_part_ > 0) return us(composition_);
  if (!samples_.empty()) return us(samples_.front().cts);
  return held_ ? us(held_->packet.pts - held_->start) : microseconds(0);
}

void RenditionCutter::fill_until(microseconds until, Operations& out) {
  flush(false, out);
  fill(ticks(until), out);
}

void RenditionCutter::fill_segments_before(MediaSequence msn, Operations& out) {
  if (!started_) return;
  flush(false, out);
  while (next_msn() < msn) {
    if (closed_) start_segment(msn_ + 1, end_);
    if (next_part_ > 0 && msn_ + 1 == msn) return;  // it has a part in the last of them
    if (next_part_ > 0) start_segment(msn_ + 1, end_);
    emit_gap(end_ + limits_.frame, true, out, nullptr);
  }
}

void RenditionCutter::shed(Operations& out) {
  expected_back_ = false;
  if (shed_) return;
  flush(false, out);
  shed_ = true;
  needs_key_ = video();
  out.push_back(ShedRecord{track_.rendition, true});
}

void RenditionCutter::go(Operations& out) {
  shed(out);
  expected_back_ = false;
}

void RenditionCutter::flush(bool last, Operations& out) {
  if (held_) append_held(held_end(), out);
  close_part(last, out);
}

}  // namespace sluice::hls
