#include "hls/blocking.hpp"

#include "base/text.hpp"

namespace sluice::hls {
namespace {

// Where the next part of a rendition will be.
struct Edge {
  MediaSequence msn = 0;
  std::uint64_t part = 0;
};

Edge edge_of(const StreamView& stream, const RenditionView& rendition) {
  if (rendition.segments.empty()) return {stream.first_kept, 0};
  const SegmentView& last = rendition.segments.back();
  if (last.complete) return {last.msn + 1, 0};
  return {last.msn, last.parts.size()};
}

Result<> assign(std::optional<std::uint64_t>& directive, const std::string& name, const std::string& value) {
  if (directive) return fail(Errc::invalid, name + " is given twice");
  directive = parse_number<std::uint64_t>(value);
  if (!directive) return fail(Errc::invalid, name + " is not a decimal integer");
  return {};
}

}  // namespace

Result<Directives> read_directives(std::span<const std::pair<std::string, std::string>> query) {
  Directives out;
  for (const auto& [name, value] : query) {
    if (name == "_HLS_msn") SLUICE_TRY(assign(out.msn, name, value));
    if (name == "_HLS_part") SLUICE_TRY(assign(out.part, name, value));
    if (name == "_HLS_skip") out.skip = value == "YES" || value == "v2";
  }
  if (out.part && !out.msn) return fail(Errc::invalid, "_HLS_part needs _HLS_msn");
  return out;
}

bool holds(const RenditionView& rendition, const Awaited& awaited) {
  if (rendition.segments.empty()) return false;
  const SegmentView& last = rendition.segments.back();
  if (awaited.msn != last.msn) return awaited.msn < last.msn;
  // A part past a finished segment's last one is part 0 of the next (6.2.5.2), which is not there yet.
  return awaited.part ? *awaited.part < last.parts.size() : last.complete;
}

std::chrono::milliseconds longest_wait(const StreamView& stream) {
  return std::chrono::seconds(3 * stream.target_duration_s);
}

std::uint64_t advance_part_limit(const StreamView& stream) {
  if (stream.part_target_us <= 0 || stream.part_target_us >= 1'000'000) return 3;
  return (3'000'000 + stream.part_target_us - 1) / stream.part_target_us;
}

Verdict judge(const StreamView& stream, const RenditionView& rendition, const Directives& directives,
              std::chrono::milliseconds waited) {
  if (stream.ended || !directives.msn) return Verdict::serve;
  Awaited awaited{*directives.msn, directives.part};
  // A segment that has left the window satisfies any request for it, and so does one whose parts are forgotten.
  if (const SegmentView* segment = rendition.find(awaited.msn);
      segment && segment->complete && awaited.part && *awaited.part >= segment->parts.size() &&
      awaited.msn == rendition.segments.back().msn) {
    awaited = {awaited.msn + 1, 0};
  }
  if (holds(rendition, awaited)) return Verdict::serve;
  const Edge edge = edge_of(stream, rendition);
  // The last listed segment is the one before the edge's: "last + 2" is edge + 1.
  if (awaited.msn > edge.msn + 1) return Verdict::bad_request;
  if (awaited.part) {
    const std::uint64_t ahead = awaited.msn == edge.msn ? *awaited.part - std::min(*awaited.part, edge.part) : *awaited.part;
    if (ahead >= advance_part_limit(stream)) return Verdict::bad_request;
  }
  return waited >= longest_wait(stream) ? Verdict::unavailable : Verdict::wait;
}

Verdict judge_part(const StreamView& stream, const RenditionView& rendition, MediaSequence msn, std::size_t part,
                   std::chrono::milliseconds waited, bool& found) {
  const SegmentView* segment = rendition.fetchable(msn);
  found = segment && part < segment->parts.size() && !segment->parts[part].gap;
  if (found || stream.ended) return Verdict::serve;
  const Edge edge = edge_of(stream, rendition);
  if (msn != edge.msn || part != edge.part) return Verdict::serve;
  return waited >= longest_wait(stream) ? Verdict::unavailable : Verdict::wait;
}

}  // namespace sluice::hls
