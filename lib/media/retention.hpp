#pragma once
// Retention: the accepted packets of one stream, in the order they came, kept until every live rendition's ledger has
// passed them (decision 1), so that a pipeline that dies can be fed again. It is also the pipeline's queue: a cursor walks
// over it, and what the pipeline has not taken waits here. Past the cap, whole GOPs go, oldest first. A GOP that is longer than the
// cap and is being fed goes on: what has been fed of it goes, and with that the chance to feed it again.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/snapshot.hpp"
#include "media/track.hpp"

namespace sluice::media {

// A stretch of a stream with one set of tracks and an unbroken timeline: one pipeline generation can take it whole.
struct Run {
  std::uint64_t number = 0;        // 0, 1, … within the stream
  std::vector<Track> tracks;       // video first, the leading one at the front; fixed for the run
  bool discontinuity = false;      // its first packets do not continue the run before
  std::int64_t start_us = 0;       // with discontinuity: source time of its first packet
  bool has_video() const { return !tracks.empty() && tracks.front().kind() == Kind::video; }
};

struct Retained {
  std::uint64_t serial = 0;        // 0, 1, … within the stream
  std::shared_ptr<const Run> run;
  Packet packet;
  std::int64_t dts_us = 0, pts_us = 0, end_us = 0;  // source time
  bool start = false;              // the track may start here: a video keyframe; any packet of a run without video
  bool leads() const { return start && packet.track == 0; }  // a pipeline may: it is the leading video's, or there is no video
};

struct RetentionCounts {
  std::uint64_t dropped_gops = 0, dropped_packets = 0;  // never fed: lost
  std::uint64_t forgotten_gops = 0;                     // fed, but let go before every ledger had them
};

struct RetentionLimits {
  microseconds time{20'000'000};    // of what a ledger lacks: the GOP that a restart would begin with does not count
  std::size_t bytes = 64u << 20;    // of everything
  std::size_t packets = 250'000;    // the same; each costs some hundred bytes beside its data
};

class Retention {
 public:
  using Limits = RetentionLimits;
  using Counts = RetentionCounts;
  explicit Retention(Limits limits = {}) : limits_(limits) {}
  void set_limits(const Limits& limits) { limits_ = limits; }  // what is held beyond smaller ones goes with the next packet

  void add(std::shared_ptr<const Run> run, Packet packet);

  // The next packet for the pipeline, or nullptr; stays valid until the next call that changes anything.
  const Retained* peek();
  void advance();
  // The run that the cursor stands in: of the next packet.
  std::shared_ptr<const Run> next_run();

  // Moves the cursor to where a new generation must start so that nothing from `us` on is missed: the latest keyframe of the
  // leading video with a PTS ≤ us, of each other video track its own latest one, and audio of that time that came before them.
  // Without one, the oldest. Returns the leading start's PTS in µs, nothing when there is nothing to feed: where the open GOP's
  // keyframe is no longer held, the rest of it is lost, too.
  std::optional<std::int64_t> rewind(std::int64_t us);

  // The open GOP once more, from the leading track's keyframe on, as packets of `run`, which has the tracks of the run before it: its first one
  // is at `from_us`. By how much they are later, µs; nothing where the keyframe is no longer held.
  std::optional<std::int64_t> repeat(const std::shared_ptr<const Run>& run, std::int64_t from_us);

  // Every live rendition's ledger has passed `us`: what a rewind to it would not need is let go. Only what has been fed goes.
  void passed(std::int64_t us);
  void clear();

  std::size_t bytes() const { return bytes_; }
  std::size_t packets() const { return packets_.size(); }
  microseconds span() const;  // of source time
  const Counts& counts() const { return counts_; }

  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);

 private:
  // What a generation is fed that starts anew: from which packets on. Made with {}: to clang a nested class with initializers of its
  // own has no default constructor yet where std::optional asks for it.
  struct Start {
    std::shared_ptr<const Run> run;
    std::uint64_t lead;                // the leading start's serial
    std::int64_t dts_us;               // its decode time: sound that ends after it is fed, too
    std::vector<std::uint64_t> video;  // the first serial of each video track of the run

    void save(SnapshotWriter& out) const;
    void restore(SnapshotReader& in);
    template <class Self, class Archive>
    static void fields(Self& self, Archive& archive);
  };
  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);
  void trim();
  bool over_the_cap() const;
  void drop_oldest_gop();
  bool forget_oldest_fed();
  void lose_unfed(std::uint64_t serial);
  void pop_front();
  const Retained& at(std::uint64_t serial) const { return packets_[serial - packets_.front().serial]; }
  std::optional<Start> start_for(std::int64_t us) const;
  static bool needed(const Start& start, const Retained& packet);
  bool skipped(const Retained& packet) const;
  bool torn(const Retained& packet);

  Limits limits_;
  std::deque<Retained> packets_;
  std::deque<std::uint64_t> starts_;  // of all video tracks
  std::uint64_t next_serial_ = 0;
  std::uint64_t cursor_ = 0;
  std::optional<Start> rewound_;   // what is before it is not fed again
  bool wait_for_start_ = false;    // a GOP was dropped in the middle: what follows is of no use before the next start
  std::set<std::pair<std::uint64_t, std::size_t>> torn_;  // run, video track: it lacks frames, and is fed from a keyframe on
  std::size_t bytes_ = 0;
  std::int64_t newest_us_ = 0;
  std::int64_t passed_us_ = 0;     // by every ledger
  Counts counts_;
};

}  // namespace sluice::media
