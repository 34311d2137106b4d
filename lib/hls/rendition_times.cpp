// When a rendition's packets are decoded, and for how long: the times that it is fed with, made continuous.
#include "hls/rendition_cutter.hpp"

#include <algorithm>
#include <cstdlib>

namespace sluice::hls {
namespace {

// A copied frame is known again by its decode time; clocks of containers round to a millisecond.
constexpr microseconds same_frame{3'000};
// Decode times that stand still or step back by less than this are one muxer's carelessness; more is another
// timeline.
constexpr microseconds mendable{1'000'000};
// Sound that begins later than the picture, at first or after a break, has a segment of its own time made whole; players take less for the same.
constexpr microseconds late{200'000};
// Audio may stray this far from a whole number of frames before its times are drawn after the source's, a
// sixteenth at a time.
constexpr std::int64_t jitter_per_mille = 2;
// By so many parts a picture may be decoded before the time that it is fed with.
constexpr std::int64_t parts_early = 2;

}  // namespace

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

std::int64_t RenditionCutter::tolerance(const media::Packet& packet) const { return std::min(usual(packet) / 2, ticks(same_frame)); }

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
    }
    if (const Boundary* first = boundaries_.find(msn_); first && ((started_ && here->msn > msn_) || (!video() && start - ticks(first->at) > ticks(late)))) {
      end_ = std::max(end_, ticks(first->at));
      segment_start_ = part_start_ = end_;
      free_start_ = false;
      if (!video()) sound_ = packet;
      if (video()) composition_ = packet.pts - start;
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
    const std::int64_t passed = resumed_ ? std::max(end_, source_end_) : end_;
    // What a run begins with no ledger has, however short it leaves the frame before.
    const bool fresh = run_begins_ && packet.dts >= *run_begins_;
    if (packet.dts < passed - tolerance(packet) && !fresh) return std::nullopt;
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

}  // namespace sluice::hls
