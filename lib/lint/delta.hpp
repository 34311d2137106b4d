#pragma once
// A delta update against what is known of the whole playlist (8216bis 6.2.5.1).
#include <map>
#include <optional>
#include <string>

#include "hls/playlist_reader.hpp"

namespace sluice::lint {

// Every segment that whole playlists have listed, by number; the latest of what was said of it.
using KnownSegments = std::map<std::uint64_t, hls::ReadSegment>;

struct DeltaVerdict {
  std::optional<std::string> disagrees;  // delta-update
  std::optional<std::string> boundary;   // delta-boundary
};
// `known` reaches at least to the delta's end.
DeltaVerdict judge_delta(const hls::ReadPlaylist& delta, const KnownSegments& known);

// A segment of this whole playlist is certainly to be skipped.
bool has_skippable(const hls::ReadMedia& list);

}  // namespace sluice::lint
