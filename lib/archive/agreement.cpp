#include "archive/agreement.hpp"

#include <algorithm>
#include <utility>

namespace sluice::archive {

void Agreement::apply(const hls::Record& record) {
  if (const auto* header = std::get_if<hls::LedgerHeader>(&record)) {
    format_ = header->format;
  } else if (const auto* removed = std::get_if<hls::RemovedRecord>(&record)) {
    removed_before_ = removed->msn;
  } else if (const auto* rendition = std::get_if<hls::RenditionRecord>(&record)) {
    Rendition& known = renditions_[rendition->name];
    if (rendition->init) known.inits.insert(*rendition->init);
  } else if (const auto* part = std::get_if<hls::PartRecord>(&record)) {
    append(*part);
  } else if (const auto* end = std::get_if<hls::EndRecord>(&record)) {
    ended_ms_ = end->wall_ms;
    for (auto& [name, rendition] : renditions_) finish(rendition);
  }
}

void Agreement::append(const hls::PartRecord& record) {
  Rendition& rendition = renditions_[record.rendition];
  if (rendition.open && rendition.open->msn != record.part.msn) finish(rendition);
  if (!rendition.open) rendition.open = hls::ToldSegment{.msn = record.part.msn};
  rendition.open->bytes += record.part.bytes;
  rendition.open->wall_ms = record.part.wall_ms;
  if (record.part.flags.last) finish(rendition);
}

void Agreement::finish(Rendition& rendition) {
  if (rendition.open) rendition.finished.push_back(*std::exchange(rendition.open, std::nullopt));
}

bool Agreement::holds(const hls::UploadRecord& line) {
  const bool held = std::visit(
      [&](const auto& told) {
        if constexpr (requires { told.rendition; }) {
          const auto known = renditions_.find(told.rendition);
          return known != renditions_.end() && holds_in(known->second, line);
        } else if constexpr (requires { told.ended_ms; }) {
          return all_hold_ && ended_ms_ && told.ended_ms.value_or(*ended_ms_) == *ended_ms_;
        } else {
          return true;
        }
      },
      line);
  all_hold_ = all_hold_ && held;
  dropped_ += !held && std::holds_alternative<hls::UploadedSegment>(line);
  return held;
}

bool Agreement::holds_in(Rendition& rendition, const hls::UploadRecord& line) const {
  if (const auto* header = std::get_if<hls::UploadedInit>(&line)) {
    if (!rendition.inits.contains(header->init)) return false;
    const auto crc = header->crc ? files_.crc_of(header->rendition, header->init) : std::nullopt;
    return !crc || *crc == *header->crc;
  }
  const auto& finished = rendition.finished;
  if (finished.empty() || rendition.broken) return false;
  const MediaSequence first = finished.front().msn, next = finished.back().msn + 1;
  bool same = false;
  if (const auto* segment = std::get_if<hls::UploadedSegment>(&line)) {
    same = segment->msn >= first && segment->msn < next &&
           hls::same_segment(finished[segment->msn - first], {segment->msn, segment->bytes, segment->wall_ms.value_or(-1)});
  } else if (const auto* missed = std::get_if<hls::MissedSegments>(&line)) {
    same = missed->msn >= first && missed->next <= next && is_missed(rendition, *missed);
  }
  rendition.broken = !same;
  return same;
}

// Removed, or not there to be uploaded now either.
bool Agreement::is_missed(const Rendition& rendition, const hls::MissedSegments& missed) const {
  for (MediaSequence msn = std::max(missed.msn, removed_before_); msn < missed.next; ++msn) {
    const hls::ToldSegment& segment = rendition.finished[msn - rendition.finished.front().msn];
    if (segment.bytes > 0 && files_.size_of(hls::segment_path(missed.rendition, msn, format_)) >= segment.bytes) return false;
  }
  return true;
}

}  // namespace sluice::archive
