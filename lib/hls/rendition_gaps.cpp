// What stands in a rendition for what is missing: gap parts, or a frame of sound.
#include "hls/rendition_cutter.hpp"

#include <algorithm>
#include <utility>

namespace sluice::hls {
namespace {

constexpr microseconds frame_of_sound{24'000};  // a usual one

}  // namespace

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
  // A segment is whole when its last picture, which is shown later than it is decoded, lasts until the boundary, or nearly: sound may have set it.
  const std::int64_t ahead = video() ? std::clamp<std::int64_t>(composition_, 0, ticks(forced_length_) / 4) : 0;
  const std::int64_t near = video() ? std::max(half, ticks(frame_of_sound)) : half;
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
    if (next && (too_long || ticks(next->at) - ahead <= end_ + near) && next_part_ > 0) {
      start_segment(next->msn, end_);
      continue;
    }
    const std::int64_t ends = next ? ticks(next->at) : to;
    if (ends > end_ + limits_.part_most && ends - to <= near) to = end_ + (ends - end_) / 2;  // a crumb would be left, for the next segment
    if (bridges && next_part_ == 0) gap = next && ticks(next->at) <= until;
    gaps = gaps || gap;
    const bool last = next && ticks(next->at) > end_ && ticks(next->at) <= std::min(to + half, end_ + limits_.part_most);
    if (last) to = std::min(until, std::max(ticks(next->at), end_ + 1));
    emit_gap(to, last, out, gap ? nullptr : &*sound_);
  }
  if (!shed_) remark(gaps ? Remark::What::hole : Remark::What::bridged, from, until - from, out);
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

}  // namespace sluice::hls
