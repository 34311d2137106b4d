#include "ts_intake.hpp"

namespace sluice::ingestd {

using media::Kind;

void TsIntake::receive(ByteView bytes, Steady now) {
  demuxer_.receive(bytes);
  take_events(now);
}

void TsIntake::finish(Steady now) {
  demuxer_.finish();
  take_events(now);
}

void TsIntake::take_events(Steady now) {
  while (auto event = demuxer_.next_event()) {
    if (const auto* program = std::get_if<mpegts::ProgramFound>(&*event))
      take(*program);
    else
      take(std::get<mpegts::Unit>(*event), now);
  }
}

void TsIntake::take(const mpegts::ProgramFound& program) {
  std::optional<Picked> video, audio;
  for (const mpegts::ElementaryStream& stream : program.streams) {
    if (!stream.codec) continue;
    std::optional<Picked>& first = media::kind_of(*stream.codec) == Kind::video ? video : audio;
    if (!first) first = Picked{stream.pid, *stream.codec};
  }
  if (video && video != video_) pictures_.emplace(video->codec);
  if (audio && audio != audio_) sound_ = {};
  video_ = video;
  audio_ = audio;
  intake_.announce(video_.has_value(), audio_.has_value());
}

void TsIntake::take(const mpegts::Unit& unit, Steady now) {
  const bool is_video = video_ && unit.pid == video_->pid;
  if (!is_video && !(audio_ && unit.pid == audio_->pid)) return;
  frames_.clear();
  if (is_video)
    pictures_->take(unit, frames_);
  else
    sound_.take(unit, frames_);
  for (mpegts::FrameEvent& event : frames_) {
    if (auto* track = std::get_if<media::Track>(&event)) {
      intake_.configure(std::move(*track));
      continue;
    }
    auto& frame = std::get<mpegts::Frame>(event);
    const ByteView data(*frame.data);
    intake_.offer({.kind = is_video ? Kind::video : Kind::audio,
                   .raw = frame.dts,
                   .composition = frame.composition,
                   .key = frame.key,
                   .owner = std::move(frame.data),
                   .data = data},
                  now);
  }
}

}  // namespace sluice::ingestd
