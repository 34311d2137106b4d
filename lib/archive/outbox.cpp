#include "archive/outbox.hpp"

namespace sluice::archive {

void Outbox::apply(const hls::Record& record) {
  if (const auto* rendition = std::get_if<hls::RenditionRecord>(&record)) return declare(*rendition);
  if (const auto* part = std::get_if<hls::PartRecord>(&record)) return append(*part);
  if (const auto* removed = std::get_if<hls::RemovedRecord>(&record)) return remove_before(removed->msn);
  if (std::holds_alternative<hls::EndRecord>(record)) {
    ended_ = true;
    for (auto& [name, rendition] : renditions_) finish(name, rendition);
  }
}

void Outbox::declare(const hls::RenditionRecord& record) {
  Rendition& rendition = renditions_[record.name];
  rendition.audio = record.kind == media::Kind::audio;
  if (!record.init || uploads_.has_init(record.name, *record.init)) return;
  if (!rendition.headers.try_emplace(*record.init).second) return;
  enqueue(rendition, Item{Item::Kind::header, record.name, *record.init, 0, rendition.audio, next_serial_++});
}

void Outbox::append(const hls::PartRecord& record) {
  const auto at = renditions_.find(record.rendition);
  if (at == renditions_.end()) return;
  const hls::Part& part = record.part;
  // What the record tells of already.
  if (part.msn < uploads_.next(record.rendition).value_or(0)) return;
  Rendition& rendition = at->second;
  if (rendition.segments.empty() || rendition.segments.back().msn != part.msn) {
    finish(record.rendition, rendition);
    rendition.segments.push_back({.msn = part.msn});
  }
  Segment& segment = rendition.segments.back();
  segment.bytes += part.bytes;
  segment.wall_ms = part.wall_ms;
  if (part.init) segment.init = part.init;
  if (part.flags.last) finish(record.rendition, rendition);
}

// The last segment is finished: to be sent, or a gap, of which there is nothing.
void Outbox::finish(const std::string& name, Rendition& rendition) {
  if (rendition.segments.empty() || rendition.segments.back().state != State::open) return;
  Segment& segment = rendition.segments.back();
  segment.state = segment.bytes > 0 ? State::pending : State::there;
  if (segment.state == State::there) return;
  segment.serial = next_serial_++;
  enqueue(rendition, Item{Item::Kind::segment, name, segment.msn, segment.bytes, rendition.audio, segment.serial});
}

void Outbox::enqueue(Rendition& rendition, Item item) {
  const std::uint64_t serial = item.serial;
  waiting_ += rendition.waiting.emplace(serial, std::move(item)).second;
}

void Outbox::remove_before(MediaSequence msn) {
  for (auto& [name, rendition] : renditions_) {
    for (Segment& segment : rendition.segments) {
      if (segment.msn >= msn) break;
      // One that is being sent has its file open.
      if (segment.state != State::pending || rendition.waiting.erase(segment.serial) == 0) continue;
      --waiting_;
      segment.state = State::gone;
      ++missed_;
    }
  }
}

// The rendition whose first item is the oldest that may be taken.
const Outbox::Rendition* Outbox::next() const {
  const Rendition* oldest = nullptr;
  for (const auto& [name, rendition] : renditions_) {
    if (rendition.waiting.empty() || rendition.aside >= most_aside) continue;
    if (!oldest || rendition.waiting.begin()->first < oldest->waiting.begin()->first) oldest = &rendition;
  }
  if (oldest && !sending_.empty() && oldest->waiting.begin()->first >= *sending_.begin() + ahead_) return nullptr;
  return oldest;
}

bool Outbox::can_take() const { return next() != nullptr; }

std::optional<Item> Outbox::take() {
  const Rendition* from = next();
  if (!from) return std::nullopt;
  auto& waiting = const_cast<Rendition*>(from)->waiting;
  Item item = std::move(waiting.begin()->second);
  waiting.erase(waiting.begin());
  --waiting_;
  sending_.insert(item.serial);
  return item;
}

void Outbox::put_back(const Item& item) {
  sending_.erase(item.serial);
  enqueue(renditions_[item.rendition], item);
}

void Outbox::set_aside(const Item& item) {
  sending_.erase(item.serial);
  ++renditions_[item.rendition].aside;
  ++aside_;
}

void Outbox::take_up(const Item& item) {
  sending_.insert(item.serial);
  --renditions_[item.rendition].aside;
  --aside_;
}

Outbox::Segment* Outbox::find(const Item& item) {
  const auto at = renditions_.find(item.rendition);
  if (at == renditions_.end() || at->second.segments.empty()) return nullptr;
  auto& segments = at->second.segments;  // of consecutive numbers
  const MediaSequence first = segments.front().msn;
  return item.number < first || item.number - first >= segments.size() ? nullptr : &segments[item.number - first];
}

void Outbox::done(const Item& item, std::uint64_t bytes, std::optional<std::uint32_t> crc) {
  sending_.erase(item.serial);
  if (item.kind == Item::Kind::header) {
    Header& header = renditions_[item.rendition].headers[static_cast<std::uint32_t>(item.number)];
    header.state = State::there;
    header.bytes = bytes;
    header.crc = crc;
  } else if (Segment* segment = find(item)) {
    segment->state = State::there;
  }
}

void Outbox::gone(const Item& item) {
  sending_.erase(item.serial);
  Segment* segment = item.kind == Item::Kind::segment ? find(item) : nullptr;
  if (!segment) return;
  segment->state = State::gone;
  ++missed_;
}

void Outbox::tell(const std::string& name, Rendition& rendition, std::vector<hls::UploadRecord>& out) {
  for (auto& [number, header] : rendition.headers) {
    if (header.state != State::there || header.told) continue;
    header.told = true;
    out.push_back(hls::UploadedInit{name, number, header.bytes, header.crc});
  }
  const auto playable = [&](const Segment& segment) {
    if (!segment.init || uploads_.has_init(name, *segment.init)) return true;
    const auto header = rendition.headers.find(*segment.init);
    return header != rendition.headers.end() && header->second.told;
  };
  auto& segments = rendition.segments;
  while (!segments.empty()) {
    const Segment& first = segments.front();
    if (first.state == State::there && playable(first)) {
      out.push_back(hls::UploadedSegment{name, first.msn, first.bytes, first.wall_ms});
      segments.pop_front();
    } else if (first.state == State::gone) {
      hls::MissedSegments missed{name, first.msn, first.msn};
      while (!segments.empty() && segments.front().state == State::gone) {
        missed.next = segments.front().msn + 1;
        segments.pop_front();
      }
      out.push_back(missed);
    } else {
      return;
    }
  }
}

std::vector<hls::UploadRecord> Outbox::records() {
  std::vector<hls::UploadRecord> out;
  for (auto& [name, rendition] : renditions_) tell(name, rendition, out);
  return out;
}

}  // namespace sluice::archive
