#pragma once
// Intake: what a publisher offers (configurations and packets on its own clock) becomes runs of accepted packets in source
// time, in a Retention. It decides when a stream has all its tracks, drops what no decoder could use, and starts a new run
// where the tracks change: at a video keyframe when there is video. One video and one audio track; sans-IO.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "media/retention.hpp"
#include "media/timeline.hpp"
#include "media/track.hpp"

namespace sluice::media {

// One coded frame on the publisher's clock.
struct Offered {
  Kind kind = Kind::video;
  std::uint64_t raw = 0;              // decode time, ticks of the publisher's clock modulo its bits
  std::int64_t composition = 0;       // PTS − DTS, the same ticks
  bool key = false;
  std::shared_ptr<const void> owner;
  ByteView data;
};

struct IntakePolicy {
  milliseconds second_track{1'000};   // how long a start waits for the other track, unless it is known not to come
  std::size_t waiting_bytes = 8u << 20;
  std::size_t counted_frames = 10;    // where nothing tells the frame rate, a start waits for these and measures it
  TimelinePolicy timeline;
};

class Intake {
 public:
  using Policy = IntakePolicy;
  struct Counts {
    std::uint64_t packets = 0, bytes = 0;  // accepted
    std::uint64_t pictures = 0;            // of the packets: video
    std::uint64_t unusable = 0;            // before a configuration or keyframe, or off the timeline
    std::uint64_t repairs = 0;             // clock jumps closed up
  };

  // `out` must outlive it. Runs are numbered from `first_run`.
  Intake(Retention& out, Policy policy = {}, std::uint64_t first_run = 0);

  // A publisher's media follows; what it sends first is at `source_us`. With `discontinuity` it does not continue what was
  // there before. `clock` is what its packets are stamped with.
  void begin(std::int64_t source_us, bool discontinuity, PublisherClock clock = rtmp_clock);
  // What its metadata announces.
  void announce(bool video, bool audio);
  // A track's configuration, first or new. The same again changes nothing.
  void configure(Track track);
  void offer(Offered packet, Steady now);
  void tick(Steady now);
  std::optional<Steady> deadline() const;  // when tick() has something to do

  const std::optional<Track>& video() const { return video_; }
  const std::optional<Track>& audio() const { return audio_; }
  std::int64_t reached() const { return timeline_.reached(); }  // source time, µs
  microseconds keyframe_interval() const;                       // the longest of the last GOPs; 0 while unknown
  const Counts& counts() const { return counts_; }

 private:
  bool complete() const;
  bool rate_known() const;
  void measure_rate();
  void start(Steady now);
  void open_run(std::uint64_t raw, std::uint32_t audio_frame);
  void pass(Offered& packet, Steady now);
  void note_keyframe(std::int64_t dts_us);

  Retention& out_;
  Policy policy_;
  Timeline timeline_;
  PublisherClock clock_;
  std::optional<Track> video_, audio_;
  std::optional<bool> video_expected_, audio_expected_;
  std::shared_ptr<const Run> run_;
  std::uint64_t next_run_;
  std::int64_t base_us_ = 0;
  bool fresh_ = true;              // the publisher's clock is not yet tied to source time
  bool discontinuity_ = false;
  bool changed_ = false;           // configurations differ from the run's
  std::optional<Steady> waiting_since_;
  std::deque<Offered> waiting_;    // before the first run
  std::size_t waiting_bytes_ = 0;
  std::deque<std::int64_t> gops_;  // µs
  std::optional<std::int64_t> last_key_us_;
  Counts counts_;
};

// Samples in an audio packet, at the track's sample rate; 0 when the codec does not tell.
std::uint32_t audio_frame_length(const Track& track, ByteView packet);

}  // namespace sluice::media
