#pragma once
// Lifecycle: when a stream's pipeline is started, closed, killed and started again, when the stream goes live, waits for
// its publisher, ends (decisions 1, 2, 11; the restart protocol). It decides, others act: facts go in, next() gives the
// steps one by one until there is none; deadline() says when to ask again. Sans-IO, with the time passed in.
#include <array>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/snapshot.hpp"

namespace sluice::media {

enum class Step {
  spawn,        // read the ledger, rewind, start a pipeline generation; then spawned() or spawn_failed()
  close_input,  // the pipeline has been given all that is for it: close its input
  kill,         // it did not finish in time after that, or takes nothing any more
  mark_end,     // write the `end` marker
  finish,       // no pipeline runs and the ledger has no E: finish it; then finished()
  go_live,      // the first independent part is in the ledger
  go_offline,   // end the stream in the store; then offline()
  forget,       // all is done: the stream's object may go
};
std::string_view name(Step step);

struct LifecyclePolicy {
  milliseconds grace{20'000};     // how long a stream waits for a publisher that went without a word
  milliseconds flush{10'000};     // how long a pipeline may take to end after its input was closed
  milliseconds stall{10'000};     // a pipeline that takes nothing for so long, while there is something, is killed
  milliseconds stable{30'000};    // the same for one whose ledger is not seen: that ran this long
  std::array<milliseconds, 5> backoff{milliseconds(100), milliseconds(500), milliseconds(1'000), milliseconds(2'000),
                                      milliseconds(5'000)};
  unsigned last_tries = 3;        // at the end of a stream, or of this process: pipelines that fail before what is left is given up
};

class Lifecycle {
 public:
  using Policy = LifecyclePolicy;
  enum class State { waiting, starting, live, ending, parked, over };

  // `resumed`: the stream was live before this process began; its publisher is awaited from `now`.
  Lifecycle(Policy policy, Steady now, bool resumed);
  void set_policy(const Policy& policy) { policy_ = policy; }  // times that run already count by it

  // Facts.
  void publisher_arrived();
  void publisher_gone(bool said_goodbye, Steady now);
  void silent(bool so);               // the publisher is there and sends nothing: its pipeline is closed as if it had gone
  void data(bool waiting);            // whether accepted packets wait for a pipeline
  void taken(Steady now);             // the pipeline took some
  void boundary();                    // the next packet belongs to another run than the pipeline's
  void spawned(Steady now);
  void spawn_failed(Steady now);      // backs off
  // The whole group is dead. `complete`: the ledger has everything that was given to it.
  void exited(bool complete, Steady now);
  // The same, of one that leaves the stream to the next on purpose, before its input has ended: no death, and the next starts at once. False, and
  // counted as a death: the one before it did so, too, and neither has written anything.
  bool gave_way(Steady now);
  void part_written();                // an independent one
  void progressed();                  // the pipeline's ledger has grown: when it dies, the backoff starts anew
  void ledger_ended();                // E
  void finished(bool well);
  void offline();
  void end();                         // the channel's owner or the platform says so: like a goodbye
  void park();                        // this process stops, once what was accepted is written; the stream does not
  // Another process is to go on with the stream: its pipeline is killed and none is started, until that is called off.
  void hold();
  void go_on();
  void spawn_withdrawn();             // the pipeline asked for was not started, and shall not be

  std::optional<Step> next(Steady now);
  std::optional<Steady> deadline() const;

  State state() const;
  bool live() const { return live_; }
  bool has_publisher() const { return publisher_; }
  // Whether a publisher may (come back to) publish into this stream.
  bool open() const { return phase_ == Phase::open; }
  bool pipeline_running() const { return pipe_ != Pipe::none; }
  bool feeding() const { return pipe_ == Pipe::running; }
  unsigned restarts() const { return restarts_; }
  bool held() const { return held_; }
  bool idle() const { return pipe_ == Pipe::none; }

  // Of a stream without a pipeline; held or not, it is not when restored.
  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);

 private:
  enum class Phase { open, ending, offline_asked, over };
  enum class Pipe { none, asked, running, closing };

  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);
  void died(Steady now);
  bool wants_pipeline() const;
  std::optional<Step> ending_step(Steady now);
  std::optional<Step> end_step(Steady now);

  Policy policy_;
  Phase phase_ = Phase::open;
  Pipe pipe_ = Pipe::none;
  bool publisher_ = false;
  bool silent_ = false;
  Steady gone_at_;
  bool goodbye_ = false;
  bool data_ = false;
  bool boundary_ = false;
  bool part_ = false, live_ = false;
  bool marked_ = false;
  bool ledger_ended_ = false;
  bool finishing_ = false;
  bool fed_ever_ = false;
  bool killed_ = false;
  bool progressed_ = false;    // this generation
  bool gave_way_ = false;      // the last one, and nothing was written since; in no snapshot
  bool parking_ = false;
  bool held_ = false;
  unsigned finish_tries_ = 0;
  unsigned failures_ = 0;      // in a row
  unsigned restarts_ = 0;
  Steady spawned_at_{}, taken_at_{}, closed_at_{}, not_before_{};
};

}  // namespace sluice::media
