#include "hls/uploads.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hls/record_line.hpp"

namespace sluice::hls {
namespace {

bool valid_place(std::string_view place) {
  return !place.empty() && place.size() <= 1024 && std::ranges::all_of(place, [](char c) { return c > ' ' && c < 0x7f; });
}

std::string more(const std::optional<std::int64_t>& time) { return time ? fmt::format(" {}", *time) : ""; }

struct UploadFormatter {
  std::string operator()(const UploadPlace& r) const { return fmt::format("V 1 {}", r.place); }
  std::string operator()(const UploadedInit& r) const { return fmt::format("I {} {} {}", r.rendition, r.init, r.bytes) + (r.crc ? fmt::format(" {:08x}", *r.crc) : ""); }
  std::string operator()(const UploadedSegment& r) const { return fmt::format("U {} {} {}", r.rendition, r.msn, r.bytes) + more(r.wall_ms); }
  std::string operator()(const MissedSegments& r) const { return fmt::format("M {} {} {}", r.rendition, r.msn, r.next); }
  std::string operator()(const UploadsEnd& r) const { return fmt::format("E {}", r.wall_ms) + more(r.ended_ms); }
};

}  // namespace

Result<UploadRecord> parse_upload_record(std::string_view line) {
  SLUICE_TRY_VALUE(const std::string_view body, checked_body(line));
  Fields in(body);
  const std::string_view type = in.text();
  UploadRecord record;
  if (type == "V") {
    in.require(in.text() == "1");
    record = UploadPlace{std::string(in.text())};
    in.require(valid_place(std::get<UploadPlace>(record).place));
  } else if (type == "I") {
    std::string rendition = in.rendition();
    const auto init = in.number<std::uint32_t>();
    UploadedInit uploaded{std::move(rendition), init, in.number<std::uint64_t>()};
    if (in.more()) uploaded.crc = in.crc();
    record = std::move(uploaded);
  } else if (type == "U") {
    std::string rendition = in.rendition();
    const auto msn = in.number<std::uint64_t>();
    in.require(msn < ~0ULL);
    UploadedSegment uploaded{std::move(rendition), msn, in.number<std::uint64_t>()};
    if (in.more()) uploaded.wall_ms = in.time();
    record = std::move(uploaded);
  } else if (type == "M") {
    std::string rendition = in.rendition();
    const auto msn = in.number<std::uint64_t>();
    const auto next = in.number<std::uint64_t>();
    in.require(msn < next);
    record = MissedSegments{std::move(rendition), msn, next};
  } else if (type == "E") {
    UploadsEnd end{in.time()};
    if (in.more()) end.ended_ms = in.time();
    record = end;
  } else {
    return fail(Errc::invalid, "uploads line of an unknown type");
  }
  if (!in.right()) return fail(Errc::invalid, fmt::format("uploads line {} with a wrong field", type));
  return record;
}

std::string format_upload_record(const UploadRecord& record) { return checked_line(std::visit(UploadFormatter{}, record)); }

std::size_t Uploads::feed(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  std::size_t taken = 0;
  torn_ = false;
  while (!torn_) {
    const std::size_t newline = text.find('\n', taken);
    if (newline == std::string_view::npos) break;
    const auto record = parse_upload_record(text.substr(taken, newline - taken));
    if (!record) torn_ = true;
    if (!record || !apply(*record)) break;
    taken = newline + 1;
  }
  believed_ += taken;
  return taken;
}

void Uploads::begin_anew() {
  const std::uint64_t revision = revision_;
  *this = {};
  revision_ = revision + 1;
}

bool Uploads::binds() const {
  return ended_ || std::ranges::any_of(renditions_, [](const auto& each) {
    return !each.second.inits.empty() || std::ranges::any_of(each.second.told, [](const ToldSegment& segment) { return segment.bytes > 0; });
  });
}

// Segments are told of in order, each once.
bool Uploads::advance(OfRendition& rendition, MediaSequence from, MediaSequence to) {
  if (rendition.next && *rendition.next != from) return false;
  rendition.next = to;
  return true;
}

bool Uploads::apply(const UploadRecord& record) {
  struct Applier {
    Uploads& of;
    bool operator()(const UploadPlace& r) const {
      of.place_ = r.place;
      return true;
    }
    bool operator()(const UploadedInit& r) const {
      of.renditions_[r.rendition].inits.insert(r.init);
      return true;
    }
    bool operator()(const UploadedSegment& r) const {
      OfRendition& rendition = of.renditions_[r.rendition];
      if (!of.advance(rendition, r.msn, r.msn + 1)) return false;
      rendition.told.push_back({r.msn, r.bytes, r.wall_ms.value_or(-1)});
      return true;
    }
    bool operator()(const MissedSegments& r) const {
      OfRendition& rendition = of.renditions_[r.rendition];
      if (!of.advance(rendition, r.msn, r.next)) return false;
      // While a store is away they come one by one, for hours.
      if (!rendition.missed.empty() && rendition.missed.back().second == r.msn) {
        rendition.missed.back().second = r.next;
      } else {
        rendition.missed.emplace_back(r.msn, r.next);
      }
      return true;
    }
    bool operator()(const UploadsEnd&) const { return of.ended_ = true; }
  };
  const bool in_order = std::holds_alternative<UploadPlace>(record) == place_.empty() && !ended_;
  torn_ = !(in_order && std::visit(Applier{*this}, record));
  if (!torn_) ++revision_;
  return !torn_;
}

bool Uploads::has_init(std::string_view rendition, std::uint32_t init) const {
  const auto at = renditions_.find(rendition);
  return at != renditions_.end() && at->second.inits.contains(init);
}

std::optional<MediaSequence> Uploads::next(std::string_view rendition) const {
  const auto at = renditions_.find(rendition);
  return at == renditions_.end() ? std::nullopt : at->second.next;
}

bool Uploads::missed(std::string_view rendition, MediaSequence msn) const {
  const auto at = renditions_.find(rendition);
  if (at == renditions_.end()) return false;
  const auto& missed = at->second.missed;
  const auto range = std::ranges::upper_bound(missed, msn, {}, &std::pair<MediaSequence, MediaSequence>::second);  // the first that ends behind it
  return range != missed.end() && range->first <= msn;
}

const std::vector<ToldSegment>& Uploads::told(std::string_view rendition) const {
  static const std::vector<ToldSegment> nothing;
  const auto at = renditions_.find(rendition);
  return at == renditions_.end() ? nothing : at->second.told;
}

namespace {

// The first segment that cannot be listed: it is not there, or another one is.
MediaSequence listed_until(const RenditionView& rendition, const Uploads& uploads) {
  const MediaSequence next = uploads.next(rendition.name).value_or(0);
  const auto& told = uploads.told(rendition.name);
  auto at = told.begin();
  for (const SegmentView& segment : rendition.segments) {
    if (segment.msn >= next || !segment.complete) return segment.msn;
    while (at != told.end() && at->msn < segment.msn) ++at;
    const bool is_told = at != told.end() && at->msn == segment.msn;
    if (is_told ? !same_segment(*at, {segment.msn, segment.bytes, segment.wall_ms}) : !uploads.missed(rendition.name, segment.msn)) return segment.msn;
  }
  return next;
}

}  // namespace

StreamView published(StreamView stream, const Uploads& uploads) {
  stream.part_target_us = 0;
  for (RenditionView& rendition : stream.renditions) {
    auto& segments = rendition.segments;
    const MediaSequence until = listed_until(rendition, uploads);
    while (!segments.empty() && segments.back().msn >= until) {
      segments.pop_back();
      stream.ended = false;
    }
    while (!segments.empty() && uploads.missed(rendition.name, segments.front().msn)) {
      rendition.discontinuities_removed += segments.front().discontinuity;
      segments.pop_front();
    }
    for (SegmentView& segment : segments) {
      std::vector<PartView>().swap(segment.parts);
      segment.gap = segment.gap || uploads.missed(rendition.name, segment.msn);
    }
  }
  return stream;
}

}  // namespace sluice::hls
