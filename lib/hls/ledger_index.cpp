#include "hls/ledger_index.hpp"

#include <algorithm>

namespace sluice::hls {

std::int64_t Segment::duration() const {
  std::int64_t sum = 0;
  for (const Part& part : parts) sum += part.duration;
  return sum;
}

std::uint64_t Segment::bytes() const {
  return parts.back().offset + parts.back().bytes;
}

bool Segment::gap() const {
  return std::all_of(parts.begin(), parts.end(), [](const Part& part) { return part.flags.gap; });
}

const RenditionRecord* Rendition::with_init(std::optional<std::uint32_t> init) const {
  for (auto it = history.rbegin(); it != history.rend(); ++it)
    if (it->init == init) return &*it;
  return nullptr;
}

std::size_t LedgerIndex::feed(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  std::size_t taken = 0;
  torn_ = false;  // a writer may have cut the torn tail off and gone on
  while (!torn_) {
    const std::size_t newline = text.find('\n', taken);
    if (newline == std::string_view::npos) break;
    const Result<Record> record = parse_record(text.substr(taken, newline - taken));
    if (!record) {
      torn_ = true;
      break;
    }
    if (!apply(*record)) break;
    taken = newline + 1;
  }
  believed_ += taken;
  return taken;
}

bool LedgerIndex::apply(const Record& record) {
  struct Applier {
    LedgerIndex& index;
    bool operator()(const LedgerHeader& r) const { return index.apply_header(r); }
    bool operator()(const RenditionRecord& r) const { return index.apply_rendition(r); }
    bool operator()(const PartRecord& r) const { return index.apply_part(r); }
    bool operator()(const RemovedRecord& r) const { return index.apply_removed(r); }
    bool operator()(const ShedRecord& r) const {
      Rendition* rendition = index.known(r.rendition);
      if (rendition) rendition->shed = r.shed, rendition->gone = r.gone;
      return rendition != nullptr;
    }
    bool operator()(const EndRecord& r) const {
      index.ended_ms_ = r.wall_ms;
      for (Rendition& rendition : index.renditions_)
        if (!rendition.segments.empty()) rendition.segments.back().complete = true;
      return true;
    }
  };
  const bool is_header = std::holds_alternative<LedgerHeader>(record);
  const bool in_order = is_header != header_.has_value() && !ended_ms_;
  torn_ = !(in_order && std::visit(Applier{*this}, record));
  return !torn_;
}

bool LedgerIndex::apply_header(const LedgerHeader& header) {
  header_ = header;
  return true;
}

bool LedgerIndex::apply_rendition(const RenditionRecord& record) {
  Rendition* rendition = known(record.name);
  if (!rendition) {
    renditions_.push_back({record, {record}});
    return true;
  }
  // A later R may describe the rendition anew, but ticks stay ticks.
  if (record.kind != rendition->record.kind || record.timescale != rendition->record.timescale) return false;
  rendition->record = record;
  rendition->history.push_back(record);
  return true;
}

bool LedgerIndex::apply_part(const PartRecord& record) {
  Rendition* rendition = known(record.rendition);
  if (!rendition) return false;
  const Part& part = record.part;
  if (!part.flags.gap && !rendition->with_init(part.init)) return false;
  const Part& last = rendition->last;
  const bool same = rendition->started && part.msn == last.msn;
  if (same ? part.part != last.part + 1 || last.flags.last || part.offset != last.offset + last.bytes
           : part.part != 0 || part.offset != 0)
    return false;
  if (rendition->started && !same && part.msn != last.msn + 1) return false;

  if (same && !rendition->segments.empty()) {
    rendition->segments.back().parts.push_back(part);
  } else {
    if (!rendition->segments.empty()) rendition->segments.back().complete = true;
    if (keep_ == Keep::tail) rendition->segments.clear();
    rendition->segments.push_back({part.msn, {part}});
    rendition->starts.push_back({part.msn, part.start, part.flags.discontinuity});
    if (rendition->starts.size() > Rendition::starts_kept) rendition->starts.pop_front();
  }
  rendition->segments.back().complete = part.flags.last;
  rendition->last = part;
  rendition->started = true;
  rendition->end = part.end();
  rendition->source_end = std::max(rendition->source_end, microseconds(part.src_end_us));
  return true;
}

bool LedgerIndex::apply_removed(const RemovedRecord& record) {
  if (record.msn < removed_before_) return false;
  removed_before_ = record.msn;
  for (Rendition& rendition : renditions_) {
    while (!rendition.segments.empty() && rendition.segments.front().msn < record.msn) {
      for (const Part& part : rendition.segments.front().parts)
        if (part.flags.discontinuity) ++rendition.discontinuities_removed;
      rendition.segments.pop_front();
    }
  }
  return true;
}

const Rendition* LedgerIndex::find(std::string_view rendition) const {
  for (const Rendition& r : renditions_)
    if (r.record.name == rendition) return &r;
  return nullptr;
}

Rendition* LedgerIndex::known(std::string_view rendition) {
  return const_cast<Rendition*>(std::as_const(*this).find(rendition));
}

}  // namespace sluice::hls
