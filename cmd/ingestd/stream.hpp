#pragma once
// Stream: one broadcast from its first publish to its end. Packets go from the publisher's Intake into the Retention, from
// there to the pipeline; the Lifecycle says what happens when. It outlives its publisher and its pipelines.
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gap_writer.hpp"
#include "ledger_follow.hpp"
#include "media/intake.hpp"
#include "media/lifecycle.hpp"
#include "media/retention.hpp"
#include "media/source_mark.hpp"
#include "net/loop.hpp"
#include "options.hpp"
#include "pipeline.hpp"
#include "platform.hpp"
#include "renditions.hpp"

namespace sluice::ingestd {

class Publisher;
class Stream;

// Why the channels' locks cannot be renewed, as the last renewal had it.
struct Unrenewed {
  Error why;
  Wall since;
};

// What all streams of a process share.
struct Surroundings {
  net::Loop& loop;
  const Config& config;
  Platform& platform;
  net::FolderWatch& folders;
  std::string programs;  // folder of our own programs: first in a pipeline's PATH
  std::function<void(Stream&)> forget;
  std::optional<Unrenewed> unrenewed = {};
};

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  // `resumed`: it was begun by an earlier process.
  Stream(Surroundings& around, Held held, bool resumed);
  ~Stream();
  Result<> open(std::unique_ptr<hls::LedgerReader> read = nullptr);  // its ledger, which may have been read ahead
  // Whether its ledger's last part is at most that old. A stream without a ledger, or without a part, is.
  bool fresh(milliseconds within) const;

  void attach(std::shared_ptr<Publisher> publisher);
  void detach(bool goodbye);    // the publisher went
  void took_in();               // after a batch was offered to the intake
  void end(std::string_view why);
  void park();                  // the process stops
  void limits_changed();        // those of its surroundings' configuration

  // Another pipeline takes the place of the one that runs, at the next keyframe: its command or its programs have changed. Not of --exec,
  // whose command gets a stream once. False: none runs.
  bool replace_pipeline();
  bool runs(const std::string& command) const { return !pipeline_ || command_ == command; }
  std::uint64_t generation() const { return generation_; }  // of the pipeline; the next one's while none runs
  bool pipeline_works() const { return grown_; }            // its ledger has grown
  bool pipeline_gave_way() const { return !failed_.empty(); }  // a changed command wrote nothing: the one before it runs

  // ---- for another process to go on with (handover.hpp)
  bool can_move() const;        // it feeds a ledger, or nothing, and is not ending
  void hold();                  // ends the pipeline and starts none, while packets still come
  bool idle() const { return life_.idle() && !lock_wanted_since_ && !gaps_; }  // nothing writes its ledger, or is about to
  void freeze() { frozen_ = true; }  // nothing happens until thaw() or hand_over()
  bool frozen() const { return frozen_; }
  void thaw();                  // called off: goes on here
  void hand_over();
  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);  // of a stream that was just made, before open()
  void rejoin(std::shared_ptr<Publisher> publisher);  // its publisher, restored too
  void go_on();                 // restored and opened

  media::Intake& intake() { return intake_; }
  const media::Intake& intake() const { return intake_; }
  const media::Lifecycle& life() const { return life_; }
  const media::Retention& retention() const { return retention_; }
  const std::shared_ptr<Publisher>& publisher() const { return publisher_; }
  const Held& held() const { return held_; }
  std::uint64_t bits_per_second() const { return bits_per_second_; }
  const LedgerFollow* ledger() const { return ledger_.get(); }  // null where none is kept
  // How old the newest part is of the live rendition that is furthest behind; nothing before there is one.
  std::optional<milliseconds> last_part_age() const;
  // Why nothing is written though there is a publisher; empty while parts come. Where its publisher has left off some tracks, those of the others count.
  std::string stalled() const;
  // For how long nothing has come of a track while others went on; nothing while that may be a pause.
  std::optional<milliseconds> silent_for(const media::PublisherTrack& track) const;
  // What the streamer should change; empty when all is well.
  std::string advice() const;

  std::vector<std::function<void()>> when_over;  // called once, when the channel is free again

 private:
  std::string keyframe_advice() const;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);
  Steady now() const { return system_clock().steady(); }
  void pump();
  void act();
  void perform(media::Step step);
  void arm();
  void house_keeping();
  void renew();  // its lease
  void look_for_stall();
  void look_for_silent_tracks();
  void ledger_grown();
  void note_growth();
  // pipeline
  const std::string& choose_command();
  void start_pipeline();
  Result<> spawn();
  void pipeline_ended(const os::PipelineEnd& end);
  bool left_off() const;
  bool gave_way(const os::PipelineEnd& end);
  std::optional<media::SourceMark> source_mark() const;
  std::optional<std::int64_t> drained() const;
  bool ledger_complete() const;
  pipe::Metadata metadata(const media::Run& run) const;
  std::vector<std::pair<std::string, std::string>> environment() const;
  void mark(const std::string& what, std::string_view text = {});  // "end" or "pause", see sluice-ledger(5)
  void mark_pause();
  std::string ends();
  void finish();
  // absence
  void await_media();
  std::int64_t goes_on_at() const;
  void note_media();
  Steady::duration silence_borne() const;
  void look_for_silence();
  void fill_absence();
  void end_absence();
  // platform
  void go_live();
  void go_offline();
  void over();

  Surroundings& around_;
  Held held_;
  media::Retention retention_;
  media::Intake intake_;
  media::Lifecycle life_;
  std::unique_ptr<LedgerFollow> ledger_;
  std::unique_ptr<Pipeline> pipeline_;
  std::shared_ptr<Publisher> publisher_;
  net::Timer deadline_, lock_retry_, keeping_, platform_retry_;
  std::optional<Steady> armed_for_;
  std::optional<Steady> lock_wanted_since_;
  struct Absent {
    Steady since;           // when the last part was written that has media
    std::int64_t from_us;   // where that part ends
  };
  net::Timer absence_;
  std::optional<Absent> absent_;
  std::unique_ptr<GapWriter> gaps_;
  std::int64_t gaps_until_us_ = 0;  // asked for at most
  Steady media_at_ = now();         // when the publisher's last was accepted, or it came
  Steady::duration media_step_{0};  // from the one before
  std::uint64_t media_counted_ = 0;
  std::int64_t clock_us_ = 0;       // source time of what was accepted, as it was last seen to have grown by a part…
  Steady clock_moved_ = now();      // …and when that was
  os::Child finisher_;
  std::unique_ptr<net::FdWatch> finisher_ended_;

  std::optional<std::int64_t> epoch_ms_;
  std::uint64_t generation_ = 0;
  std::shared_ptr<const media::Run> last_run_;
  std::int64_t generation_from_us_ = 0, run_from_us_ = 0;
  std::vector<std::int64_t> fed_us_;  // by track of the run: how far this generation has been given it
  std::optional<std::int64_t> shown_us_, heard_us_;  // its last picture and sound, in presentation time
  std::int64_t ledger_end_us_ = 0;  // as far as it has been seen to grow
  Steady written_at_{};             // when that was, gaps of an absence left out
  bool rewind_ = false;
  bool grown_ = false;            // the ledger, by this pipeline
  std::string command_;           // of the pipeline
  std::string working_, failed_;  // the last command that has written something, and one after it that has not
  std::optional<std::int64_t> drained_;  // when this pipeline began
  std::string paused_;            // what we have written into "pause" for this pipeline
  unsigned incomplete_ = 0;       // pipelines in a row that left out something of all that is for them, and wrote nothing
  bool acting_ = false, over_ = false, frozen_ = false;
  bool for_successor_ = false;    // the pipeline was killed for one
  bool announced_ = false;        // go_live has been recorded
  unsigned beats_ = 0;
  std::uint64_t counted_bytes_ = 0, bits_per_second_ = 0, counted_drops_ = 0, counted_dropped_gops_ = 0;
  bool advised_ = false;
  std::string last_end_;  // of a pipeline that died
  bool stalled_ = false;  // as it was last looked at and told
  std::set<std::string> silent_;  // the same of tracks, by name
  Renditions renditions_;
};

}  // namespace sluice::ingestd
