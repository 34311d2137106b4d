#pragma once
// What a playlist is drawn from: a stream's renditions, segments and parts, as the ledger tells them (sluice-ledger(5)).
// Plain values, grown part by part, without files or sockets. Times are ticks of the rendition's timescale since the
// stream's epoch; sizes and offsets are bytes.
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "hls/ledger_records.hpp"
#include "media/track.hpp"

namespace sluice::hls {

// A Partial Segment (RFC 8216bis 4.4.4.9): a byte range of its segment's file.
struct PartView {
  std::int64_t start = 0, duration = 0;
  std::uint64_t offset = 0, bytes = 0;
  bool independent = false;    // starts with an IDR (always, for audio)
  bool gap = false;            // there are no bytes
};

// A Media Segment. Listed (with EXTINF) once complete; as a gap when the rendition was shed in it. `parts` is emptied when they are too old to be asked for.
struct SegmentView {
  MediaSequence msn = 0;
  std::int64_t start = 0, duration = 0;   // decode time
  std::int64_t composition = 0;           // from `start` to when its first frame is shown
  std::uint64_t bytes = 0;
  std::int64_t wall_ms = 0;
  std::uint32_t init = 0;
  bool independent = false;               // what there is of it starts with an IDR
  bool gap = false, shed = false, discontinuity = false, complete = false;
  std::vector<PartView> parts;
  std::int64_t parts_unlisted_ms = 0;     // wall clock since when no playlist lists its parts; 0: they may be listed

  std::int64_t end() const { return start + duration; }
  // What its EXT-X-PROGRAM-DATE-TIME tells of: decode time is up to a few frames earlier where there are B-frames, and not in re-encoded rungs.
  std::int64_t shown() const { return start + composition; }
};

struct RenditionView {
  std::string name;            // [a-z0-9_-]+
  media::Kind kind = media::Kind::video;
  std::string codecs;          // RFC 6381: "avc1.64001f"
  std::uint32_t timescale = 1; // > 0
  std::uint32_t width = 0, height = 0;
  media::Rational frame_rate{0, 1};
  std::uint32_t sample_rate = 0, channels = 0;
  std::uint64_t bitrate = 0, maxrate = 0;      // as declared, bit/s; 0 = unknown
  std::string language;                        // RFC 5646; empty = not told
  bool alone = false;                          // sound that is a variant without a picture, too
  bool shed = false;
  std::deque<SegmentView> segments;            // consecutive MSNs; only the last may be incomplete
  struct Retired {
    SegmentView segment;
    std::int64_t until_ms = 0;                 // wall clock
  };
  std::deque<Retired> retired;                 // removed from playlists, and fetchable for a while (availability.hpp); consecutive, too
  std::uint64_t discontinuities_removed = 0;   // breaks before segments.front()
  bool all_independent = true;                 // every segment so far began independently
  std::uint64_t revision = 0;                  // grows with every change that a playlist shows

  const SegmentView* find(MediaSequence msn) const;
  const SegmentView* fetchable(MediaSequence msn) const;  // listed or not
  // The number of complete segments, which come first.
  std::size_t complete() const;
  double seconds(std::int64_t ticks) const { return static_cast<double>(ticks) / timescale; }
};

struct StreamView {
  std::string id, channel;
  std::int64_t epoch_ms = 0;
  std::int64_t part_target_us = 0;
  std::uint32_t target_duration_s = 0;
  Format format = Format::cmaf;
  bool anywhere = false;               // a segment may begin without a keyframe
  std::vector<RenditionView> renditions;   // in the order of their first declaration
  bool ended = false;
  std::int64_t ended_wall_ms = 0;
  MediaSequence first_kept = 0;        // segments before it have been removed

  const RenditionView* find(std::string_view rendition) const;
  RenditionView* find(std::string_view rendition);
  // Every segment of every rendition starts with a key frame, and so will those to come: what playlists promise may not be taken back.
  bool all_independent() const;

  // Takes the next believed record of the ledger. The parts of segments older than `keep_parts_s` are forgotten when they have been unlisted
  // for long enough.
  void apply(const Record& record, double keep_parts_s);

 private:
  void apply_rendition(const RenditionRecord& record);
  void append(const PartRecord& record, double keep_parts_s);
  void remove_before(MediaSequence msn);
  void end(std::int64_t at_wall_ms);

  std::int64_t wall_ms_ = 0;           // of the latest part
};

}  // namespace sluice::hls
