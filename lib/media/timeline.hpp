#pragma once
// Timeline: from a publisher's timestamps to the stream's source time (0 = the stream's epoch). A publisher counts
// milliseconds in 32 bits that wrap (RTMP 1.0, 5.3.1.3: 49.7 days; encoders that keep 24 bits wrap after 4 h 39 min) or
// 1/90000 s in 33 bits (H.222.0 2.4.3.7: 26.5 h), restarts its clocks, or sets one track's clock off alone. What comes out
// grows without end, per track and strictly in DTS; no tick of the publisher's clock is rounded away:
//  - video in 1/90000 s, PTS never before DTS; pictures whose clock steps back a little are half as far apart until it has caught up,
//    so that an encoder keeps them all;
//  - audio in samples, laid end to end on the sample grid while the publisher's clock stays near it;
//  - a jump (backward, or forward by more than real time explains) is closed up and flagged: the track goes on where it was,
//    and a track that jumps after another joins it, so that sound and picture stay together. Forward, a few seconds that the clocks
//    of all tracks leave out are a hole, those of one alone are a jump;
//  - a clock that tells the same time again, packet for packet (it stands still, or is coarse), is not believed: its packets are a frame
//    apart, as far as they come at that pace, until it goes on.
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/snapshot.hpp"
#include "media/track.hpp"

namespace sluice::media {

struct TimelinePolicy {
  milliseconds forward_jump{5'000};   // more than this at once is a jump…
  milliseconds honest_gap{2'000};     // …unless so much real time passed meanwhile, give or take this; with less the other tracks decide
  milliseconds backward_jump{500};    // less than this is jitter: the DTS is moved up to stay monotone
  milliseconds snap{70};              // audio farther off its grid than this is put where its clock says
  milliseconds lone_jump{500};        // forward, of one track while the others, which still come, stand where they stood
  milliseconds follow{3'000};         // a jump that lands this near another track's clock joins it; a track that begins farther back is on another
  milliseconds ahead{300};            // packets of a clock that stands still are put so far before they come at most…
  milliseconds behind{2'000};         // …and so far behind: their pace is not what was told
  bool paced = true;                  // packets come at the pace of time; else only the other tracks tell of a jump forward
  milliseconds reordering{5'000};     // a PTS farther than this from its DTS is none: no encoder keeps a picture back for so long
};

// How a publisher counts time: `rate` ticks a second (a divisor of 9,000,000), in `bits` bits that wrap.
struct PublisherClock {
  std::int64_t rate = 1000;
  unsigned bits = 32;
  bool operator==(const PublisherClock&) const = default;
};
inline constexpr PublisherClock rtmp_clock{1000, 32}, mpegts_clock{90'000, 33};

class Timeline {
 public:
  using Policy = TimelinePolicy;
  explicit Timeline(Policy policy = {}) : policy_(policy) {}

  // A publisher's clock starts: its `raw` is `source_us` from now on. Earlier tracks and jumps are forgotten, what they
  // reached is not: no track's DTS ever goes back.
  void begin(std::uint64_t raw, std::int64_t source_us, PublisherClock clock = rtmp_clock);

  // What packets of `track` are counted in. `frame`: how long each lasts, ticks of `timescale`, 0 when it is not known; it is sound's grid.
  void set_track(std::size_t track, Kind kind, std::uint32_t timescale, std::uint32_t frame);

  struct Stamp {
    std::int64_t dts = 0, pts = 0;  // ticks of the track's timescale
    std::int64_t duration = 0;      // audio on a grid: its samples; else 0
    bool repaired = false;          // this packet's clock had jumped
  };
  // Nothing: the packet must be dropped (audio that runs ahead of its own clock, or that lies before begin()).
  // `raw`: DTS in ticks of the publisher's clock, of which its bits count; `composition`: PTS − DTS in the same ticks.
  // `nanoseconds`: what the publisher tells beyond a tick.
  std::optional<Stamp> stamp(std::size_t track, std::uint64_t raw, std::int64_t composition, Steady now,
                             std::uint32_t nanoseconds = 0);

  // Everything is that much later, what has been stamped too: it was put where other things are, or is put once more. No time until `now`
  // is left for a clock to leave out.
  void shift(std::int64_t us, Steady now);
  // Whether a packet with this clock value goes on where the track's last one was.
  bool follows(std::size_t track, std::uint64_t raw) const;

  // The end of what has been stamped, over all tracks; microseconds.
  std::int64_t reached() const { return reached_us_; }
  std::uint64_t repairs() const { return repairs_; }

  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);

 private:
  struct Clocking {
    bool known = false;
    Kind kind = Kind::video;
    std::uint32_t timescale = video_timescale;
    std::uint32_t frame = 0;
    bool started = false;         // since begin()
    std::int64_t raw = 0;         // the last packet's clock, unwrapped, ticks of the publisher's clock
    std::int64_t offset = 0;      // source time − raw, in 1/9,000,000 s
    std::int64_t step = 0;        // from the packet before the last to the last, in 1/9,000,000 s
    Steady seen{};
    std::int64_t next = INT64_MIN;      // the least DTS the next packet may have; audio: its place on the grid
    std::int64_t shown = 0;             // the latest PTS
    // The clock has stepped back by `shift`, which is made up for from `since` on; ticks of the timescale. It ends within two seconds,
    // so no snapshot has it.
    struct Behind {
      std::int64_t shift, since;
    };
    std::optional<Behind> behind;
    // What the clock told last, and how often again. In no snapshot, as little as `beside`: a clock that goes on standing has gone back then.
    struct Told {
      std::uint64_t counted;
      std::int64_t raw;       // unwrapped
      Steady first;           // when it was told first
      std::int64_t step = 0;  // then
      std::int64_t again = 0;
      std::int64_t grain = 0;  // by so much it was more than the time told before, in 1/9,000,000 s
    };
    std::optional<Told> told;
    std::optional<std::int64_t> beside;  // where the others were when its last packet came, source time in 1/9,000,000 s

    void save(SnapshotWriter& out) const;
    void restore(SnapshotReader& in);
    template <class Self, class Archive>
    static void fields(Self& self, Archive& archive);
  };
  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);

  std::int64_t unwrap(std::int64_t near, std::uint64_t raw) const;
  std::int64_t distance(std::uint64_t from, std::uint64_t to) const;
  bool repair(Clocking& track, std::int64_t& raw, std::uint64_t counted, Steady now);
  bool stands(Clocking& track, std::uint64_t counted, Steady now, std::int64_t& raw) const;
  void note_told(Clocking& track, std::uint64_t counted, Steady now) const;
  std::int64_t source_of(const Clocking& track) const { return track.raw * tick_ + track.offset; }
  std::optional<std::int64_t> others(const Clocking& track, Steady now) const;
  bool leaps_alone(const Clocking& track, std::int64_t moved, Steady now) const;
  std::optional<std::int64_t> joined(const Clocking& track, std::uint64_t counted, std::int64_t expected, std::int64_t moved) const;
  void place_picture(Clocking& track, std::int64_t dts, std::int64_t pts, Stamp& out) const;
  std::int64_t end_of(const Clocking& track) const;

  Policy policy_;
  PublisherClock clock_;
  std::int64_t tick_ = 9'000;     // 1/9,000,000 s in a tick of the publisher's clock
  std::vector<Clocking> tracks_;
  std::int64_t first_raw_ = 0;
  std::int64_t first_us_ = 0;
  bool wide_ = false;             // a clock value of more than 24 bits has been seen since begin()
  std::int64_t reached_us_ = 0;
  std::uint64_t repairs_ = 0;
};

}  // namespace sluice::media
