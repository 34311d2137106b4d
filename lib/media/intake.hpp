#pragma once
// Intake: what a publisher offers (configurations and packets on its own clock) becomes runs of accepted packets in source
// time, in a Retention. It decides when a stream has all its tracks, drops what no decoder could use, and starts a new run
// where the tracks change: at a video keyframe when there is video. Of several video tracks the one with the least id leads; the
// others are renditions of the same picture on the same clock. Who comes back keeps the renditions' names. Sans-IO.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "media/audio_frames.hpp"
#include "media/publisher_track.hpp"
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
  std::uint8_t id = 0;                // which of the publisher's tracks of that kind; 0 is the default
  std::uint32_t nanoseconds = 0;      // of the decode time, beyond a tick
  std::optional<Steady> came;         // by the Intake: when it was offered, if it had to wait since; in no snapshot
};

struct IntakeCounts {
  std::uint64_t packets = 0, bytes = 0;  // accepted
  std::uint64_t pictures = 0;            // of the packets: video
  std::uint64_t unusable = 0;            // before a configuration or keyframe, or off the timeline
  std::uint64_t repairs = 0;             // clock jumps closed up
  std::uint64_t tracks_left_out = 0;     // configurations of tracks beyond the most that are taken
};

struct IntakePolicy {
  milliseconds second_track{1'000};   // how long a start waits for the other track, unless it is known not to come
  std::size_t waiting_bytes = 8u << 20;
  std::size_t counted_frames = 10;    // where nothing tells the frame rate, a start waits for these and measures it
  std::size_t most_tracks = 16;       // of a publisher
  milliseconds gone{3'000};           // of several of a kind one is silent for so long, and a second more: it has gone away
  milliseconds resumption{300};       // after a pause, how long a new beginning waits for a packet of each track there was
  milliseconds picture_gone{10'000};  // all pictures, while there is sound: a run without them begins
  TimelinePolicy timeline;
};

class Intake {
 public:
  using Policy = IntakePolicy;
  using Counts = IntakeCounts;

  // `out` must outlive it. Runs are numbered from `first_run`.
  Intake(Retention& out, Policy policy = {}, std::uint64_t first_run = 0);

  // A publisher's media follows; what it sends first is at `source_us`. With `discontinuity` it does not continue what was
  // there before. `clock` is what its packets are stamped with.
  void begin(std::int64_t source_us, bool discontinuity, PublisherClock clock = rtmp_clock);
  // Pictures that the stream has had before this process knew it, the leading one first.
  void remember(std::vector<Track> pictures);
  // How many tracks of each kind its metadata announces.
  void announce(unsigned video, unsigned audio);
  // A track's configuration, first or new. The same again changes nothing. False: there are too many tracks, this one is left out.
  bool configure(Track track, std::uint8_t id = 0);
  // The track has said its end. It is missed only while there are others of its kind.
  void leave(Kind kind, std::uint8_t id);
  // Another run begins at the leading track's next start, though nothing differs: for another pipeline.
  void divide() {
    if (run_) divide_ = changed_ = true;
  }
  void offer(Offered packet, Steady now);
  // Nothing has come for a while, and something else takes the place of what would have: what comes now is kept back until resume().
  void pause();
  bool paused() const { return paused_; }
  bool can_resume(Steady now);  // something has come that the stream can go on with
  // At `source_us`, in a run that does not continue the one before. Where the publisher's clock has stood still that begins with the open GOP
  // once more, whose pictures those that come next lean on; otherwise with the next keyframe, as one who comes back does.
  void resume(std::int64_t source_us, Steady now);
  void tick(Steady now);
  std::optional<Steady> deadline() const;  // when tick() has something to do

  const Track* video() const;  // the leading one; null while there is none
  const Track* audio() const;  // the first
  const std::vector<PublisherTrack>& tracks() const { return tracks_; }  // video first, each kind by id
  // How far a track that was in a run is behind the end of what others have sent, itself a frame; 0 of one that said its end.
  microseconds silence(const PublisherTrack& track) const;
  std::int64_t reached() const { return timeline_.reached(); }  // source time, µs
  microseconds keyframe_interval() const;                       // the longest of the last GOPs; 0 while unknown
  bool keyframe_due() const;                                    // that one is still open: the interval is at least so long
  // Whether intervals over that length are to be expected of the publisher: two of the last ones are, or one is far too long to be a mishap.
  bool often_over(microseconds length) const;
  const Counts& counts() const { return counts_; }

  // Together with its Retention, into the same snapshot: they share runs.
  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);

 private:
  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);
  PublisherTrack* find(Kind kind, std::uint8_t id);
  const PublisherTrack* leading() const;
  std::int64_t open_gop() const;
  bool complete() const;
  bool rates_known() const;
  bool waited_enough(Steady now) const;
  bool sound_alone(Steady now) const;
  void give_up_pictures();
  bool differs() const;
  bool opens(const PublisherTrack& track, const Offered& packet) const;
  std::deque<Offered>::const_iterator first_start(Steady now) const;
  void start(Steady now);
  bool goes_on() const;
  const Offered* first_waiting(const PublisherTrack& track) const;
  bool go_on_again(Steady now);
  void open_run(std::uint64_t raw);
  void pass(PublisherTrack& track, Offered& packet, Steady now);
  void note_keyframe(PublisherTrack& track, const Offered& key, std::int64_t dts_us);
  void go_away(PublisherTrack& track);
  void miss_others(const PublisherTrack& track, std::int64_t dts_us);
  void keep_names();
  void name_tracks();
  std::string name_for(const PublisherTrack& track, const std::vector<std::string>& taken) const;

  Retention& out_;
  Policy policy_;
  Timeline timeline_;
  PublisherClock clock_;
  std::vector<PublisherTrack> tracks_;  // video first, each kind by id
  std::map<std::pair<Kind, std::uint8_t>, std::size_t> clocks_;  // the timeline's tracks, over all sessions
  std::vector<Track> before_;      // pictures of earlier sessions, the last one's leading first; a ledger tells them, too
  std::optional<unsigned> video_expected_, audio_expected_;
  std::shared_ptr<const Run> run_;
  std::uint64_t next_run_;
  std::int64_t base_us_ = 0;
  bool fresh_ = true;              // the publisher's clock is not yet tied to source time
  bool discontinuity_ = false;
  bool changed_ = false;           // tracks or their configurations may differ from the run's
  bool divide_ = false;            // another run was asked for
  bool paused_ = false;
  std::optional<Steady> waiting_since_;
  bool ticked_ = false;            // when that was long enough
  bool ready_ = false;             // but for a keyframe
  std::deque<Offered> waiting_;    // before the first run, or since the pause
  std::size_t waiting_bytes_ = 0;
  std::deque<std::int64_t> gops_;  // µs
  std::optional<std::int64_t> last_key_us_;
  Counts counts_;
};

}  // namespace sluice::media
