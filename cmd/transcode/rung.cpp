#include "rung.hpp"

#include "log/log.hpp"

namespace sluice::transcode {

namespace {
constexpr std::size_t frames_waiting = 4;  // pictures are large; a backlog waits as coded packets before the decoder
}

RungWorker::RungWorker(RungPlan plan)
    : plan_(std::move(plan)), scaler_(plan_.encoder.width, plan_.encoder.height), frames_(frames_waiting) {
  if (plan_.fps) selector_.emplace(plan_.fps);
}

Result<std::unique_ptr<RungWorker>> RungWorker::open(RungPlan plan) {
  std::unique_ptr<RungWorker> rung(new RungWorker(std::move(plan)));
  SLUICE_TRY_VALUE(rung->encoder_, ffmpeg::VideoEncoder::open(rung->plan_.encoder));
  rung->track_ = rung->encoder_->track();
  return rung;
}

void RungWorker::start(Output& output, std::size_t track, std::vector<RungWorker*> below, std::function<void(Error)> failed) {
  output_ = &output;
  index_ = track;
  below_ = std::move(below);
  failed_ = std::move(failed);
  thread_ = std::thread([this] { run(); });
}

void RungWorker::join() {
  if (thread_.joinable()) thread_.join();
}

void RungWorker::run() {
  bool working = true;
  while (auto frame = frames_.pop()) {
    if (!working) continue;  // keeps the stages above it going
    const std::int64_t us = media::rescale(frame->pts, plan_.source_timescale, 1'000'000);
    if (!selector_ || selector_->keep(microseconds(us), frame->key)) {
      if (auto taken = take(*frame); !taken) {
        failed_(taken.error());
        working = false;
      }
    }
    reached_us_ = us;
  }
  for (RungWorker* rung : below_) rung->close();
  if (!working || !encoder_ || shed_) return;
  auto finished = encoder_->finish([&](media::Packet packet) { output_->write(index_, std::move(packet)); });
  if (!finished) failed_(finished.error());
}

// A frame of which more than half lies beyond the ledger's end is not yet in it.
bool RungWorker::before_resume(std::int64_t pts) const {
  const std::int64_t middle = media::rescale(2 * pts + plan_.frame_ticks, 2 * std::int64_t{plan_.source_timescale}, 1'000'000);
  return plan_.resume && middle < *plan_.resume;
}

Result<bool> RungWorker::shed_or_return(const ffmpeg::Frame& frame) {
  const microseconds at(media::rescale(frame.pts, plan_.source_timescale, 1'000'000));
  const auto tell = [&](pipe::Notice::State state) { output_->write(pipe::Notice{track_.rendition, state, at}); };
  if (want_shed_ && !shed_) {
    SLUICE_TRY(encoder_->finish([&](media::Packet packet) { output_->write(index_, std::move(packet)); }));
    encoder_.reset();
    shed_ = true;
    tell(pipe::Notice::State::shed);
  } else if (!want_shed_ && shed_ && frame.key) {
    SLUICE_TRY_VALUE(encoder_, ffmpeg::VideoEncoder::open(plan_.encoder));
    shed_ = false;
    first_ = true;
    tell(pipe::Notice::State::live);
    log::info("rung is back", {{"rendition", track_.rendition}, {"at_ms", at.count() / 1000}});
  }
  return !shed_;
}

Result<> RungWorker::take(const ffmpeg::Frame& frame) {
  if (before_resume(frame.pts)) {
    for (RungWorker* rung : below_) rung->push(frame);
    return {};
  }
  SLUICE_TRY_VALUE(const bool encode, shed_or_return(frame));
  if (!encode) {
    for (RungWorker* rung : below_) rung->push(frame);  // they scale from what this one is scaled from
    return {};
  }
  SLUICE_TRY_VALUE(ffmpeg::Frame scaled, scaler_.scale(frame));
  for (RungWorker* rung : below_) rung->push(scaled);
  if (plan_.source_timescale != media::video_timescale) {
    scaled.pts = media::rescale(scaled.pts, plan_.source_timescale, media::video_timescale);
  }
  SLUICE_TRY(encoder_->encode(scaled, frame.key || first_, [&](media::Packet packet) { output_->write(index_, std::move(packet)); }));
  first_ = false;
  ++encoded_;
  return {};
}

}  // namespace sluice::transcode
