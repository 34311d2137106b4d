#pragma once
// The state that a ledger's index describes: bytes of the index in, renditions with their segments and parts
// out (sans-IO). Believes whole lines that are right and in order; the first that is not ends what it
// believes (a torn tail).
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "hls/ledger_records.hpp"

namespace sluice::hls {

struct Segment {
  MediaSequence msn = 0;
  std::vector<Part> parts;  // never empty
  bool complete = false;    // L seen, or a later segment of the rendition, or E

  std::int64_t start() const { return parts.front().start; }
  std::int64_t end() const { return parts.back().end(); }
  std::int64_t duration() const;  // the sum of its parts, ticks: EXTINF
  std::uint64_t bytes() const;    // of its file
  bool discontinuity() const { return parts.front().flags.discontinuity; }
  bool gap() const;  // every part is one
};

struct Rendition {
  RenditionRecord record;                // the latest R
  std::vector<RenditionRecord> history;  // every R, in order: history[i].init names its codec configuration
  std::deque<Segment> segments;          // ascending, from removed_before() on; consecutive MSNs
  std::uint64_t discontinuities_removed =
      0;  // D seen in segments that have been removed: EXT-X-DISCONTINUITY-SEQUENCE
  bool shed = false;  // gaps stand for it
  bool gone = false;  // it is shed because nothing feeds it any more

  // The end of its last part: 0 before the first. Kept up to date, cheap.
  std::int64_t end = 0;        // ticks
  microseconds source_end{0};  // SRC_END
  bool started = false;        // it has had a part
  Part last;                   // its last part, when started
  // Where its last segments began: those that a rendition which lags behind has yet to begin. At most `starts_kept`.
  struct Begun {
    MediaSequence msn = 0;
    std::int64_t at = 0;  // ticks
    bool discontinuity = false;
  };
  static constexpr std::size_t starts_kept = 16;
  std::deque<Begun> starts;

  const RenditionRecord* with_init(std::optional<std::uint32_t> init) const;  // the last R that has it
};

// How much of the past the state holds.
enum class Keep {
  all,   // every segment not removed
  tail,  // the last segment of each rendition only: for those who follow the ends
};

class LedgerIndex {
 public:
  explicit LedgerIndex(Keep keep = Keep::all) : keep_(keep) {}

  // Takes the next bytes of the index, starting at offset believed(). Returns how many it believed: whole
  // right lines only. What is left over is given again, with more behind it, next time.
  std::size_t feed(ByteView bytes);
  // Takes one record; false (and torn) when it breaks the rules.
  bool apply(const Record& record);

  const std::optional<LedgerHeader>& header() const { return header_; }
  const std::vector<Rendition>& renditions() const { return renditions_; }  // in the order of their first R
  const Rendition* find(std::string_view rendition) const;
  MediaSequence removed_before() const { return removed_before_; }
  std::optional<std::int64_t> ended_ms() const { return ended_ms_; }
  std::uint64_t believed() const { return believed_; }  // bytes
  bool torn() const { return torn_; }                   // the last feed() met a whole line that is wrong

 private:
  bool apply_header(const LedgerHeader& header);
  bool apply_rendition(const RenditionRecord& record);
  bool apply_part(const PartRecord& record);
  bool apply_removed(const RemovedRecord& record);
  Rendition* known(std::string_view rendition);

  Keep keep_;
  std::optional<LedgerHeader> header_;
  std::vector<Rendition> renditions_;
  MediaSequence removed_before_ = 0;
  std::optional<std::int64_t> ended_ms_;
  std::uint64_t believed_ = 0;
  bool torn_ = false;
};

}  // namespace sluice::hls
