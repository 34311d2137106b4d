#pragma once
// Pipeline: reader → decoder → rungs → output, each stage a thread, and a watch that sheds rungs when output falls behind.
#include <atomic>
#include <thread>

#include "ffmpeg/video_decoder.hpp"
#include "layout.hpp"
#include "media/shedding.hpp"
#include "source_plan.hpp"

namespace sluice::transcode {

struct Settings {
  LayoutSettings layout;
  SourcePlan::Choice source = SourcePlan::Choice::automatic;
  microseconds segment{2'000'000};
  bool shed = false;
  media::ShedPolicy shedding;
  bool progress = false;
  Feeding feeding;
};

enum class End { input, next_generation };

class Pipeline {
 public:
  Pipeline(pipe::Reader& reader, Settings settings, Clock& clock) : reader_(reader), settings_(std::move(settings)), clock_(clock) {}
  Result<End> run();  // until the input ends and everything made of it has been written

 private:
  Result<> prepare();
  void start();
  Result<std::optional<media::Packet>> next();  // one that was read ahead, or the reader's
  bool feed(media::Packet packet);  // false: a next generation shall take over
  void hand_over();
  Result<> finish(bool whole);
  void watch_follower(std::size_t from, microseconds dts, bool key);
  void decode_all();
  void watch(std::stop_token stop);
  void shed(Steady now);
  void measure() const;  // into the metrics
  microseconds reached() const;  // output, in media time
  microseconds lag() const;
  std::string progress_line(Steady now) const;
  void fail_with(Error error);

  pipe::Reader& reader_;
  Settings settings_;
  Clock& clock_;
  std::optional<SourcePlan> plan_;
  std::optional<std::size_t> lead_;                  // input track: the leading video
  std::map<std::size_t, media::GopMeter> followers_; // by input track
  std::deque<media::Packet> held_;
  std::optional<microseconds> shown_, heard_;        // the last picture of the leading video and the last sound that were fed
  Layout layout_;
  std::optional<Output> output_;
  std::optional<ffmpeg::VideoDecoder> decoder_;
  std::optional<Queue<media::Packet>> coded_;
  std::vector<RungWorker*> top_;               // the rungs scaled from the source itself
  std::optional<media::Shedder> shedder_;
  std::vector<RungWorker*> sheddable_;         // in the shedder's order
  bool exhausted_told_ = false;
  Steady begun_;
  std::atomic<std::int64_t> first_us_{-1}, newest_us_{0};
  std::atomic<std::int64_t> due_us_{0};        // how far the decoder's input has come
  std::atomic<std::uint64_t> frames_{0}, decode_errors_{0};
  std::mutex error_mutex_;
  std::optional<Error> error_;
  std::thread decode_thread_;
  std::jthread watch_thread_;
};

}  // namespace sluice::transcode
