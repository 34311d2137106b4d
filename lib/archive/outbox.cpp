#include "archive/outbox.hpp"

#include <algorithm>

namespace sluice::archive {

void Outbox::apply(const hls::Record& record) {
  if (const auto* rendition = std::get_if<hls::RenditionRecord>(&record)) return declare(*rendition);
  if (const auto* part = std::get_if<hls::PartRecord>(&record)) return append(*part);
  if (const auto* removed = std::get_if<hls::RemovedRecord>(&record)) return remove_before(removed->msn);
  if (std::holds_alternative<hls::EndRecord>(record)) {
    ended_ = true;
    for (auto& [name, rendition] : renditions_) finish(rendition);
  }
}

void Outbox::declare(const hls::RenditionRecord& record) {
  Rendition& rendition = renditions_[record.name];
  rendition.audio = record.kind == media::Kind::audio;
  if (!record.init || uploads_.has_init(record.name, *record.init)) return;
  if (!rendition.headers.try_emplace(*record.init).second) return;
  rendition.waiting_headers.emplace(next_serial_++, *record.init);
  ++waiting_;
}

void Outbox::append(const hls::PartRecord& record) {
  const auto at = renditions_.find(record.rendition);
  if (at == renditions_.end()) return;
  const hls::Part& part = record.part;
  // What the record tells of already.
  if (part.msn < uploads_.next(record.rendition).value_or(0)) return;
  Rendition& rendition = at->second;
  if (rendition.segments.empty() || rendition.segments.back().msn != part.msn) {
    finish(rendition);
    rendition.segments.push_back({.msn = part.msn});
  }
  Segment& segment = rendition.segments.back();
  segment.bytes += part.bytes;
  segment.wall_ms = part.wall_ms;
  if (part.init) segment.init = part.init;
  if (part.flags.last) finish(rendition);
}

// The last segment is finished: to be sent, or a gap, of which there is nothing.
void Outbox::finish(Rendition& rendition) {
  if (rendition.segments.empty() || rendition.segments.back().state != State::open) return;
  Segment& segment = rendition.segments.back();
  segment.state = segment.bytes > 0 ? State::pending : State::there;
  if (segment.state == State::there) return;
  segment.serial = next_serial_++;
  rendition.waiting.push_back(segment.msn);
  ++waiting_;
}

void Outbox::remove_before(MediaSequence msn) {
  for (auto& [name, rendition] : renditions_) {
    // One that is being sent has its file open.
    for (; !rendition.waiting.empty() && rendition.waiting.front() < msn; rendition.waiting.pop_front()) {
      rendition.find(rendition.waiting.front())->state = State::gone;
      --waiting_;
      ++missed_;
    }
  }
}

Outbox::Segment* Outbox::Rendition::find(MediaSequence msn) {
  if (segments.empty() || msn < segments.front().msn || msn > segments.back().msn) return nullptr;
  return &segments[msn - segments.front().msn];
}

std::optional<std::uint64_t> Outbox::Rendition::oldest() const {
  std::optional<std::uint64_t> serial;
  if (!waiting.empty()) serial = find(waiting.front())->serial;
  if (!waiting_headers.empty()) serial = std::min(serial.value_or(~0ULL), waiting_headers.begin()->first);
  return serial;
}

// The rendition whose first item is the oldest that may be taken; end() when there is none.
Outbox::Renditions::const_iterator Outbox::next() const {
  auto first = renditions_.end();
  std::optional<std::uint64_t> oldest;
  for (auto at = renditions_.begin(); at != renditions_.end(); ++at) {
    const auto serial = at->second.aside < most_aside ? at->second.oldest() : std::nullopt;
    if (!serial || (oldest && *oldest < *serial)) continue;
    oldest = serial;
    first = at;
  }
  return oldest && !sending_.empty() && *oldest >= *sending_.begin() + ahead_ ? renditions_.end() : first;
}

bool Outbox::can_take() const { return next() != renditions_.end(); }

std::optional<Item> Outbox::take() {
  const auto from = next();
  if (from == renditions_.end()) return std::nullopt;
  const std::string& name = from->first;
  Rendition& rendition = renditions_.find(name)->second;
  auto& headers = rendition.waiting_headers;
  const std::uint64_t serial = *rendition.oldest();
  Item item{.rendition = name, .audio = rendition.audio, .serial = serial};
  if (!headers.empty() && headers.begin()->first == serial) {
    item.kind = Item::Kind::header;
    item.number = headers.begin()->second;
    headers.erase(headers.begin());
  } else {
    item.number = rendition.waiting.front();
    item.bytes = rendition.find(item.number)->bytes;
    rendition.waiting.pop_front();
  }
  --waiting_;
  sending_.insert(serial);
  return item;
}

void Outbox::put_back(const Item& item) {
  sending_.erase(item.serial);
  ++waiting_;
  Rendition& rendition = renditions_[item.rendition];
  if (item.kind == Item::Kind::header) {
    rendition.waiting_headers.emplace(item.serial, static_cast<std::uint32_t>(item.number));
  } else {
    rendition.waiting.insert(std::ranges::lower_bound(rendition.waiting, item.number), item.number);
  }
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
  return at == renditions_.end() ? nullptr : at->second.find(item.number);
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
