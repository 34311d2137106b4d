#pragma once
// The records of a ledger's index, one line each: parsing and formatting (sans-IO). Grammar and meaning:
// sluice-ledger(5).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "media/track.hpp"

namespace sluice::hls {

enum class Format { cmaf, ts };

// L: what holds for the whole stream.
struct LedgerHeader {
  StreamId stream;
  std::string channel;        // "-" when there is none
  std::int64_t epoch_ms = 0;  // wall clock of source time 0
  std::uint32_t segment_ms = 2000;
  std::uint32_t part_ms = 500;
  std::uint32_t part_target_us = 0;     // EXT-X-PART-INF: no part is longer
  std::uint32_t target_duration_s = 2;  // EXT-X-TARGETDURATION: no rounded EXTINF is longer
  Format format = Format::cmaf;
  bool anywhere = false;  // a segment may begin without a keyframe
  bool operator==(const LedgerHeader&) const = default;
};

// R: a rendition as it is from here on.
struct RenditionRecord {
  std::string name;                   // [a-z0-9_-]+
  std::optional<std::uint32_t> init;  // N of init-N.mp4; none for ts
  media::Kind kind = media::Kind::video;
  std::string codecs;                                // RFC 6381, one codec: "avc1.64001f"
  std::uint32_t timescale = media::video_timescale;  // > 0
  std::uint32_t width = 0, height = 0;
  media::Rational frame_rate{0, 1};
  std::uint32_t sample_rate = 0, channels = 0;
  std::uint64_t bitrate = 0, max_bitrate = 0;  // bit/s as declared, 0 = unknown
  std::string language;                        // RFC 5646; empty = not told
  bool alone = false;                          // sound that is a variant without a picture, too
  bool operator==(const RenditionRecord&) const = default;
};

struct PartFlags {
  bool independent = false;    // I: starts with an IDR, or is audio
  bool last = false;           // L: the last part of its segment
  bool gap = false;            // G: no bytes
  bool discontinuity = false;  // D: the first part after a discontinuity
  bool operator==(const PartFlags&) const = default;
};

// One finished part; times in ticks of its rendition's timescale unless the name says otherwise.
struct Part {
  MediaSequence msn = 0;
  std::uint32_t part = 0;                         // index within the segment
  std::uint64_t offset = 0, bytes = 0;            // within the segment's file
  std::int64_t start = 0, duration = 0;           // decode time since the epoch
  std::int64_t src_begin_us = 0, src_end_us = 0;  // source DTS covered, half-open
  std::int64_t wall_ms = 0;                       // when it was finished
  std::optional<std::uint32_t> init;
  PartFlags flags;
  std::int64_t composition = 0;  // PTS − DTS of the segment's first frame; told by its first part only

  std::int64_t end() const { return start + duration; }
  bool operator==(const Part&) const = default;
};

// P
struct PartRecord {
  std::string rendition;
  Part part;
  bool operator==(const PartRecord&) const = default;
};
// S
struct ShedRecord {
  std::string rendition;
  bool shed = false;
  bool gone = false;  // shed, since nothing feeds it any more
  bool operator==(const ShedRecord&) const = default;
};
// X: segments before `msn` are gone
struct RemovedRecord {
  MediaSequence msn = 0;
  bool operator==(const RemovedRecord&) const = default;
};
// E
struct EndRecord {
  std::int64_t wall_ms = 0;
  bool operator==(const EndRecord&) const = default;
};

using Record = std::variant<LedgerHeader, RenditionRecord, PartRecord, ShedRecord, RemovedRecord, EndRecord>;

// One line without its newline. Errc::invalid for a wrong checksum, an unknown type, a field out of range.
Result<Record> parse_record(std::string_view line);

// The line, with checksum and newline.
std::string format_record(const Record& record);

bool valid_language(std::string_view tag);         // of letters, digits and "-", at most 64, not "-"
bool valid_rendition_name(std::string_view name);  // [a-z0-9_-]+, at most 64
std::string_view name(Format format);              // "cmaf", "ts"
std::string_view extension(Format format);         // "m4s", "ts"

// File names within a ledger's directory.
std::string init_path(std::string_view rendition, std::uint32_t init);  // "source/init-0.mp4"
std::string segment_path(std::string_view rendition, MediaSequence msn, Format format);  // "source/12.m4s"

}  // namespace sluice::hls
