#pragma once
// Reads media and multivariant playlists by RFC 8216bis section 4, strictly, and knows nothing of the writer beside it. Sans-IO. It
// does not stop at the first mistake: what is wrong is listed with its line, so that hlslint can tell all of it at once.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "hls/tag_rules.hpp"
#include "hls/variables.hpp"

namespace sluice::hls {

struct Problem {
  std::string_view rule;  // an id of lint_rules.hpp
  std::size_t line = 0;   // from 1; 0: the playlist as a whole
  std::string what;
};

struct ReadRange {
  std::uint64_t offset = 0, length = 0;  // bytes
};

struct ReadPart {
  double duration = 0;
  bool timed = true;                 // it has a DURATION: otherwise nothing is judged by it
  std::string uri;
  std::optional<ReadRange> byte_range;
  bool independent = false, gap = false;
  std::size_t line = 0;
};

struct ReadSegment {
  std::uint64_t msn = 0, discontinuity_sequence = 0;
  double duration = 0;               // EXTINF
  bool timed = true;                 // it could be read, or the segment is not complete yet: otherwise nothing is judged by it
  std::string uri;                   // empty: not complete yet, parts only
  std::optional<std::string> map;    // URI of the EXT-X-MAP in force
  std::optional<ReadRange> byte_range, map_range;
  bool sealed = false, map_sealed = false;  // encrypted as a whole: nothing of what is in it can be told
  std::optional<std::uint64_t> bitrate;  // EXT-X-BITRATE in force, kbit/s
  std::optional<std::int64_t> date_ms;  // its own EXT-X-PROGRAM-DATE-TIME
  bool discontinuity = false, gap = false;
  bool before_gap = false;           // the next one is there, and a gap
  std::vector<ReadPart> parts;
  std::size_t line = 0;
};

struct ServerControl {
  bool can_block = false;
  std::optional<double> hold_back, part_hold_back, can_skip_until;
  AttributeList written;
  std::string text;                  // as written
  std::size_t line = 0;
};

struct Hint {
  std::string type, uri;
  std::size_t line = 0;
};

struct Report {
  std::string uri;
  std::optional<std::uint64_t> last_msn, last_part;
  std::size_t line = 0;
};

struct ReadMedia {
  std::optional<std::uint64_t> target_duration;  // > 0; none, too, where it is wrong
  std::uint64_t media_sequence = 0, discontinuity_sequence = 0;
  bool has_media_sequence = false, has_discontinuity_sequence = false;
  std::string type;                  // "", "EVENT", "VOD"
  bool end_list = false, i_frames_only = false;
  bool has_part_inf = false;
  std::optional<double> part_target;  // > 0; none, too, where it is wrong
  std::optional<ServerControl> control;
  std::uint64_t skipped = 0;
  bool delta = false;                // it has an EXT-X-SKIP
  std::vector<ReadSegment> segments; // the last may be incomplete
  std::vector<Hint> hints;
  std::vector<Report> reports;
  DateRanges date_ranges;
  bool has_dates = false;            // an EXT-X-PROGRAM-DATE-TIME, right or wrong

  std::size_t complete() const { return segments.size() - (!segments.empty() && segments.back().uri.empty() ? 1 : 0); }
  double duration() const;           // of the complete segments listed
};

struct ReadRendition {               // EXT-X-MEDIA
  std::string type, group, name, language, uri;  // type: empty, too, where it is none that there is
  std::string associated_language, characteristics;
  bool is_default = false, forced = false;
  std::optional<bool> autoselect;     // none: the attribute is absent
  std::size_t line = 0;
};

struct ReadVariant {                 // EXT-X-STREAM-INF
  std::string uri;
  std::optional<std::uint64_t> bandwidth, average_bandwidth;
  std::optional<std::string> codecs, resolution, audio, video, subtitles, closed_captions;
  std::optional<double> frame_rate;
  AttributeList written;
  std::size_t line = 0;
};

struct ReadSteering {                // EXT-X-CONTENT-STEERING
  std::optional<std::string> pathway;
  std::size_t line = 0;
};

struct ReadMultivariant {
  std::vector<ReadVariant> variants;
  std::vector<ReadRendition> renditions;
  std::optional<ReadSteering> steering;
  std::size_t i_frame_variants = 0;    // EXT-X-I-FRAME-STREAM-INF
};

struct ReadStart {                   // EXT-X-START
  double offset = 0;                 // seconds; from the end where it is negative
  std::size_t line = 0;
};

struct ReadPlaylist {
  bool foreign = false;              // no playlist at all, a page of HTML for example: the one problem is that
  bool multivariant = false;
  std::uint64_t version = 1;
  bool independent_segments = false;
  std::optional<ReadStart> start;
  ReadMedia media;
  ReadMultivariant multi;
  Variables variables;
  std::vector<Problem> problems;     // in order of lines
};

// Variables stand for their values already.
ReadPlaylist read_playlist(std::string_view text, const Loaded& loaded = {});

}  // namespace sluice::hls
