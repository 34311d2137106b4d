#pragma once
// What to do with a playlist request's delivery directives (RFC 8216bis 6.2.5): serve now, wait, or refuse. Pure: the
// caller asks again when the rendition has grown or time has passed.
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "hls/view.hpp"

namespace sluice::hls {

struct Directives {
  std::optional<MediaSequence> msn;   // _HLS_msn
  std::optional<std::uint64_t> part;  // _HLS_part
  bool skip = false;                  // _HLS_skip=YES or v2

  bool blocking() const { return msn.has_value(); }
};

// From a request's query, other parameters ignored. Errc::invalid when a directive is not a decimal integer, when one is repeated, or
// when there is an _HLS_part without an _HLS_msn. An unknown _HLS_skip is ignored.
Result<Directives> read_directives(std::span<const std::pair<std::string, std::string>> query);

enum class Verdict {
  serve,
  wait,
  bad_request,  // 400: too far ahead
  unavailable,  // 503: blocked for more than three target durations
};

// The playlist is worth serving when it holds this.
struct Awaited {
  MediaSequence msn = 0;
  std::optional<std::uint64_t> part;  // none: the whole segment
};

bool holds(const RenditionView& rendition, const Awaited& awaited);
Verdict judge(const StreamView& stream, const RenditionView& rendition, const Directives& directives,
              std::chrono::milliseconds waited);

// A hinted part (4.4.5.3) is waited for; a part that exists is served; anything else is not found.
Verdict judge_part(const StreamView& stream, const RenditionView& rendition, MediaSequence msn, std::size_t part,
                   std::chrono::milliseconds waited, bool& found);

// Three target durations.
std::chrono::milliseconds longest_wait(const StreamView& stream);
// Parts a request may be ahead of the last one: 3, or 3 s worth of parts shorter than a second.
std::uint64_t advance_part_limit(const StreamView& stream);

}  // namespace sluice::hls
