#pragma once
// The record of what of a ledger has been uploaded, sluice-ledger(5): its lines, and the state they add up to (sans-IO). Believed line by
// line as the index is.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "hls/view.hpp"

namespace sluice::hls {

inline constexpr const char* uploads_name = "uploads";  // of the file, in the ledger's directory

// V: where to. First and once.
struct UploadPlace {
  std::string place;  // "s3://vods/2026"
  bool operator==(const UploadPlace&) const = default;
};
// I: init-N.mp4 is there.
struct UploadedInit {
  std::string rendition;
  std::uint32_t init = 0;
  std::uint64_t bytes = 0;
  std::optional<std::uint32_t> crc = {};  // CRC-32C of it
  bool operator==(const UploadedInit&) const = default;
};
// U: a segment is there; without bytes it is a gap, of which nothing can be.
struct UploadedSegment {
  std::string rendition;
  MediaSequence msn = 0;
  std::uint64_t bytes = 0;
  std::optional<std::int64_t> wall_ms = {};  // of the last part: which segment of that number it was
  bool operator==(const UploadedSegment&) const = default;
};
// M: the segments of [msn, next) were removed from the ledger before they were uploaded.
struct MissedSegments {
  std::string rendition;
  MediaSequence msn = 0, next = 0;
  bool operator==(const MissedSegments&) const = default;
};
// E: the playlists of the whole stream are there; nothing follows.
struct UploadsEnd {
  std::int64_t wall_ms = 0;
  std::optional<std::int64_t> ended_ms = {};  // of the ledger's own end
  bool operator==(const UploadsEnd&) const = default;
};

using UploadRecord = std::variant<UploadPlace, UploadedInit, UploadedSegment, MissedSegments, UploadsEnd>;

// One line without its newline. Errc::invalid for a wrong checksum, an unknown type, a field out of range.
Result<UploadRecord> parse_upload_record(std::string_view line);
std::string format_upload_record(const UploadRecord& record);  // with checksum and newline

// A segment as a record tells of it, or as a ledger has it.
struct ToldSegment {
  MediaSequence msn = 0;
  std::uint64_t bytes = 0;
  std::int64_t wall_ms = -1;  // -1: not told
};
// After a power loss numbers come again, with other media.
inline bool same_segment(const ToldSegment& a, const ToldSegment& b) {
  return a.msn == b.msn && a.bytes == b.bytes && (a.wall_ms == b.wall_ms || a.wall_ms < 0 || b.wall_ms < 0);
}

class Uploads {
 public:
  // Takes the next bytes of the record, from offset believed() on. Returns how many it believed.
  std::size_t feed(ByteView bytes);
  // Takes one record; false (and torn) when it breaks the rules.
  bool apply(const UploadRecord& record);
  void begin_anew();  // as if nothing had been read; the revision grows

  const std::string& place() const { return place_; }  // empty before the first line
  bool has_init(std::string_view rendition, std::uint32_t init) const;
  // The segment that is told of next: all before it are there, or missed. Nothing before the first.
  std::optional<MediaSequence> next(std::string_view rendition) const;
  bool missed(std::string_view rendition, MediaSequence msn) const;
  // What it tells of a rendition's segments, in order.
  const std::vector<ToldSegment>& told(std::string_view rendition) const;
  bool binds() const;  // to its place: it tells of an object that is there
  bool ended() const { return ended_; }
  std::uint64_t believed() const { return believed_; }  // bytes
  bool torn() const { return torn_; }                   // the last feed() met a whole line that is wrong
  std::uint64_t revision() const { return revision_; }  // grows with every record

 private:
  struct OfRendition {
    std::set<std::uint32_t> inits;
    std::optional<MediaSequence> next;
    std::vector<ToldSegment> told;
    std::vector<std::pair<MediaSequence, MediaSequence>> missed;  // half-open, ascending
  };
  bool advance(OfRendition& rendition, MediaSequence from, MediaSequence to);

  std::string place_;
  std::map<std::string, OfRendition, std::less<>> renditions_;
  bool ended_ = false;
  std::uint64_t believed_ = 0, revision_ = 0;
  bool torn_ = false;
};

// What of a stream can be fetched from where it was uploaded: of each rendition the finished segments as far as all before them are there;
// missed ones are gaps, and left out where nothing stands before them. It ends before a segment that is another one than was uploaded under
// its number. No parts. It has ended when the stream has and all of it is there.
StreamView published(StreamView stream, const Uploads& uploads);

}  // namespace sluice::hls
