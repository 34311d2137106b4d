#pragma once
// RungWorker: one encoded rendition in a thread of its own. Scales what it is given, hands the scaled frame to the rungs
// below, then encodes it. A shed rung only hands frames on, and returns with an IDR at a keyframe of the plan.
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "ffmpeg/scaler.hpp"
#include "ffmpeg/video_encoder.hpp"
#include "media/keyframes.hpp"
#include "output.hpp"
#include "queue.hpp"

namespace sluice::transcode {

struct RungPlan {
  ffmpeg::EncoderSettings encoder;
  std::uint32_t fps = 0;                     // at most; 0: every frame
  std::optional<std::int64_t> resume;        // µs: where its ledger ends; earlier frames are there already
  std::int64_t frame_ticks = 3000;           // of the source
  std::uint32_t source_timescale = media::video_timescale;
};

class RungWorker {
 public:
  static Result<std::unique_ptr<RungWorker>> open(RungPlan plan);

  const media::Track& track() const { return track_; }
  void start(Output& output, std::size_t track, std::vector<RungWorker*> below, std::function<void(Error)> failed);
  void push(ffmpeg::Frame frame) { frames_.push(std::move(frame)); }
  void close() { frames_.close(); }  // what was pushed is encoded, then the rungs below are closed
  void join();

  void want_shed(bool shed) { want_shed_ = shed; }
  bool is_shed() const { return shed_; }
  microseconds reached() const { return microseconds(reached_us_.load()); }  // source time of the last frame dealt with
  std::uint64_t encoded() const { return encoded_; }

 private:
  explicit RungWorker(RungPlan plan);
  void run();
  Result<> take(const ffmpeg::Frame& frame);
  Result<bool> shed_or_return(const ffmpeg::Frame& frame);  // whether to encode this frame
  bool before_resume(std::int64_t pts) const;

  RungPlan plan_;
  media::Track track_;
  ffmpeg::Scaler scaler_;
  std::optional<ffmpeg::VideoEncoder> encoder_;
  std::optional<media::FrameSelector> selector_;
  Queue<ffmpeg::Frame> frames_;
  Output* output_ = nullptr;
  std::size_t index_ = 0;
  std::vector<RungWorker*> below_;
  std::function<void(Error)> failed_;
  bool first_ = true;  // the next frame it encodes is an IDR
  std::atomic<bool> want_shed_{false}, shed_{false};
  std::atomic<std::int64_t> reached_us_{0};
  std::atomic<std::uint64_t> encoded_{0};
  std::thread thread_;
};

}  // namespace sluice::transcode
