#pragma once
// Packets in, ledger operations out (sans-IO): the same boundaries in all renditions, parts and segments by
// the rules of sluice-ledger(5), going on where an earlier writer of the same ledger stopped.
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hls/boundaries.hpp"
#include "hls/ledger_index.hpp"
#include "hls/rendition_cutter.hpp"
#include "hls/segment_operations.hpp"

namespace sluice::hls {

struct SegmenterStart {
  std::vector<media::Track> tracks;  // their rendition names differ
  bool discontinuity = false;        // the first packets do not follow what the ledger holds
  // For each track: its configuration is not the one that the ledger's rendition last had. Implies a
  // discontinuity.
  std::vector<bool> new_config;
  // Source time of the first packets, where a segment begins with them in every rendition: the tracks changed.
  std::optional<microseconds> boundary;
  // Nobody feeds it: there are no tracks, and fill_gaps() is all that is called.
  bool vacant = false;
  // The video tracks were encoded apart, by the publisher: the first fixes the boundaries, or the next where that stops, and another that
  // has no keyframe at one is a gap until it has: cut there it would break INDEPENDENT-SEGMENTS for all, and a player does better with a
  // rendition that is whole.
  bool ready_made = false;
  // The video has a keyframe at each multiple of this source time, and where it begins.
  std::optional<microseconds> key_grid;
};

// What whoever feeds a writer knows when it closes the input: source times.
struct Pause {
  std::optional<microseconds> next;     // when the next writer's first picture is shown, where one follows without a break
  std::optional<microseconds> picture;  // when the last picture is shown that this one was fed,
  std::optional<microseconds> sound;    // and its last sound heard
};

class Segmenter {
 public:
  // `so_far` holds the ledger's header, and what earlier writers have written (Keep::tail is enough). Appends
  // the first operations.
  Segmenter(const LedgerIndex& so_far, SegmenterStart start, Operations& out);
  Segmenter(const Segmenter&) = delete;
  Segmenter& operator=(const Segmenter&) = delete;
  ~Segmenter();

  // When what is pushed next has come, before it: a backlog that is worked off comes faster than it lasts, and each rendition at its own speed, so that
  // one far behind the others is given up only when nothing comes of it. Where that is never told, media time alone counts.
  void at(Steady now);
  void push(media::Packet packet, Operations& out);
  void shed(std::string_view rendition, Operations& out);
  // Nobody feeds the ledger: whole gap parts in every rendition, up to that source time at most.
  void fill_gaps(microseconds until, Operations& out);
  void expect_back(std::string_view rendition);  // the feeder says that a shed rendition comes again
  // The input is over; `ended` when the stream is too: then the last parts close their segments.
  void finish(bool ended, Operations& out);
  // The input is over by intent and the stream is not. With `next` another writer goes on, and the last pictures here last until its
  // first; without, what follows does not continue this: all renditions are brought to one end.
  void pause(const Pause& pause, Operations& out);

  // No packet before this decode time can finish a part, as far as the stream keeps to its rhythm. Zero while it has none.
  microseconds due() const;

 private:
  struct Lane;  // a rendition: its cutter, and what waits for the video that leads

  void recall_boundaries(const LedgerIndex& so_far, std::optional<microseconds> next);
  void discontinue(MediaSequence at_least, Operations& out);
  bool has_all(const Pause& pause) const;
  void align_ends(Operations& out);
  void take_waiting(std::optional<microseconds> next, Operations& out);
  bool begin_with_sound(microseconds decoded, microseconds shown, Operations& out);
  bool jumps(const Lane& lane, const media::Packet& packet) const;
  void accept(Lane& lane, media::Packet packet, bool leads, Operations& out);
  void add_gone(const LedgerIndex& so_far);
  void leave_gone(Operations& out);
  void begin_gaps(Operations& out);
  void change_leader(Operations& out);
  void release_followers(Operations& out);
  void fill_absent(Operations& out);
  bool silent(const Lane& lane) const;
  bool pictures_come() const;

  LedgerHeader header_;
  Boundaries boundaries_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // one a track, then those of the ledger that have none any more
  std::size_t tracks_ = 0;
  std::optional<Steady> now_;
  bool has_video_ = false;
  bool video_here_ = false;         // a video frame has been taken
  microseconds video_position_{0};  // decode time of the video furthest on
  microseconds first_video_{0};
  microseconds begun_{microseconds::min()};  // a rendition that is new has nothing before it
  std::optional<microseconds> vacant_since_;  // up to where there are gaps
  bool ends_in_gaps_ = false;                 // the ledger, in every rendition
  MediaSequence first_msn_ = 0;  // of the next segment, while no boundary is known
};

}  // namespace sluice::hls
