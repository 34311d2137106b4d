#pragma once
// What the segmenter asks of the ledger, in the order in which it must be written.
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "hls/cmaf.hpp"
#include "hls/ledger_records.hpp"
#include "media/track.hpp"

namespace sluice::hls {

// A rendition or its new codec configuration: the init file, then the R line.
struct DeclareRendition {
  RenditionRecord record;
  media::Track track;
};

// A finished part. The writer of the ledger fills in OFFSET, BYTES and WALL_MS.
struct WritePart {
  std::string rendition;
  media::Kind kind = media::Kind::video;
  Part part;
  std::vector<Sample> samples;         // empty: a gap
  std::vector<media::Packet> packets;  // the samples' bytes, one each
};

// Something out of the ordinary, to be logged and counted.
struct Remark {
  enum class What {
    forced_cut,       // a segment starts without a keyframe
    late_packet,      // dropped: the ledger had passed it
    before_keyframe,  // dropped: nothing can be decoded yet
    hole,             // the source left out `length`: gap parts stand for it
    absent,           // the rendition is so far behind that gap parts took its place
    bridged,          // the source left out `length` of sound: its last frame stands for it
    jump,             // the source's time went on much later: a discontinuity
    time_mended,      // decode time did not grow
  };
  What what;
  std::string rendition;
  microseconds at{0};
  microseconds length{0};
};
std::string_view describe(Remark::What what);

using Operation = std::variant<DeclareRendition, WritePart, ShedRecord, Remark>;
using Operations = std::vector<Operation>;

}  // namespace sluice::hls
