#pragma once
// When a live playlist grew: a segment within 1.5 target durations of the one before, a part within one part target (8216bis 6.2.1). Nobody can
// promise that of a source that has gone: a discontinuity, or gaps, when they come, are taken for an excuse.
#include <optional>
#include <string>

#include "hls/playlist_reader.hpp"
#include "lint/watch.hpp"

namespace sluice::lint {

// What a playlist gained is the source's coming back, or says that something is missing: a discontinuity, or gaps.
bool explains_lateness(const hls::ReadMedia& before, const hls::ReadMedia& now);

class Pace {
 public:
  // `between`: how often the playlist is looked at, where it is not waited for.
  void grew(const hls::ReadMedia& before, const hls::ReadMedia& now, Steady at, milliseconds late, milliseconds between);
  void begins(Steady at) { segment_at_ = part_at_ = at; }
  // What was late and has no excuse; at the end of the watch with what has not come at all.
  std::optional<std::string> take_late();
  std::optional<std::string> missing(const hls::ReadMedia& now, Steady at, milliseconds late) const;

 private:
  Steady segment_at_{}, part_at_{}, late_at_{};
  // late_: what comes within `late` may still explain it. Who writes out what it held when its source went does so in several parts.
  std::optional<std::string> late_, sure_;
};

}  // namespace sluice::lint
