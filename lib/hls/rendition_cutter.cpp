#include "hls/rendition_cutter.hpp"

#include <algorithm>
#include <utility>

namespace sluice::hls {
namespace {

// A follower whose keyframe is not where the leader's was waits this long for one.
constexpr microseconds keyframe_wait{300'000};

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

void RenditionCutter::resume(const Rendition& so_far, bool new_config) {
  started_ = so_far.started;
  shed_ = expected_back_ = so_far.shed;  // a new feeder begins with every rung
  gone_ = so_far.gone;
  if (!started_) return;
  if (new_config) next_init_ = std::exchange(init_, so_far.last.init);
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
  if (next_init_) init_ = std::exchange(next_init_, {});
  needs_key_ = video();
  resumed_ = false;
  sound_.reset();  // a decoder may begin anew here
}

void RenditionCutter::begin_at(microseconds at) {
  end_ = std::max(end_, ticks(at));
  segment_start_ = part_start_ = end_;
  free_start_ = false;
}

void RenditionCutter::remark(Remark::What what, std::int64_t at, std::int64_t length, Operations& out) const {
  out.push_back(Remark{what, track_.rendition, us(at), us(length)});
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
    const bool passed = video() && !free_start_ && packet.dts < end_ - tolerance(packet);
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
    shed_ = gone_ = expected_back_ = false;  // after the last of its gaps
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

// Before a hole the held sound lasts no longer than its segment: what is missing behind the boundary has parts of its own.
std::int64_t RenditionCutter::sound_until(const Held& held, std::int64_t next_start) const {
  const Boundary* next = video() ? nullptr : boundaries_.find(msn_ + 1);
  if (!next) return next_start;
  const std::int64_t boundary = std::max(ticks(next->at), held.start + usual(held.packet));
  return next_start - boundary >= limits_.frame ? boundary : next_start;
}

void RenditionCutter::append_held(std::int64_t next_start, Operations& out) {
  Held held = std::move(*held_);
  held_.reset();
  const std::int64_t room = std::max<std::int64_t>(1, limits_.segment_most - (held.start - segment_start_));
  const std::int64_t duration = std::min({sound_until(held, next_start) - held.start, limits_.part_most, room});
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

void RenditionCutter::shed(Operations& out) {
  expected_back_ = false;
  if (!shed_ || gone_) stop(false, out);
}

void RenditionCutter::go(Operations& out) {
  expected_back_ = false;
  if (!gone_) stop(true, out);
}

void RenditionCutter::stop(bool gone, Operations& out) {
  flush(false, out);
  shed_ = true;
  gone_ = gone;
  needs_key_ = video();
  out.push_back(ShedRecord{track_.rendition, true, gone});
}

void RenditionCutter::flush(bool last, Operations& out) {
  if (held_) append_held(held_end(), out);
  close_part(last, out);
}

}  // namespace sluice::hls
