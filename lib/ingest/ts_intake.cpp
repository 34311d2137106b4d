#include "ingest/ts_intake.hpp"

#include <fmt/format.h>

#include "log/log.hpp"

namespace sluice::ingest {

using media::Kind;

namespace {
constexpr std::size_t most_told = 64;  // a session: a sender that changes its program at will is not to fill the log
}

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
  std::map<std::uint16_t, Lane> lanes;
  std::uint8_t pictures = 0, sounds = 0;
  for (const mpegts::ElementaryStream& stream : program.streams) {
    if (!stream.codec) tell_unknown(stream);
    if (!stream.codec || lanes.contains(stream.pid) || lanes.size() == mpegts::DemuxerLimits{}.streams) continue;
    Lane lane{.codec = *stream.codec, .language = stream.language};
    lane.id = lane.kind() == Kind::video ? pictures++ : sounds++;
    const auto before = lanes_.find(stream.pid);
    if (before != lanes_.end() && before->second.codec == lane.codec && before->second.id == lane.id)
      lane.frames = std::move(before->second.frames);
    else if (lane.kind() == Kind::video)
      lane.frames.emplace<mpegts::VideoFrames>(lane.codec);
    lanes.emplace(stream.pid, std::move(lane));
  }
  for (const auto& [pid, lane] : lanes_)
    if (lane.id >= (lane.kind() == Kind::video ? pictures : sounds)) intake_.leave(lane.kind(), lane.id);
  lanes_ = std::move(lanes);
  intake_.announce(pictures, sounds);
}

void TsIntake::tell_unknown(const mpegts::ElementaryStream& stream) {
  if (stream.format.empty() || told_.size() == most_told || !told_.emplace(stream.pid, stream.format).second) return;
  log::warn("a track of the transport stream is left out: its codec is not taken; send H.264 or HEVC, and AAC with ADTS headers",
            {{"codec", stream.format}, {"pid", stream.pid}, {"stream_type", fmt::format("{:#04x}", stream.type)}});
}

void TsIntake::take(const mpegts::Unit& unit, Steady now) {
  const auto found = lanes_.find(unit.pid);
  if (found == lanes_.end()) return;
  Lane& lane = found->second;
  frames_.clear();
  std::visit([&](auto& frames) { frames.take(unit, frames_); }, lane.frames);
  for (mpegts::FrameEvent& event : frames_) {
    if (auto* track = std::get_if<media::Track>(&event)) {
      track->language = lane.language;
      const bool taken = intake_.configure(std::move(*track), lane.id);
      if (!taken && !lane.left_out)
        log::warn("more tracks than are taken: one is left out",
                  {{"kind", lane.kind() == Kind::video ? "video" : "audio"}, {"pid", unit.pid}});
      lane.left_out = !taken;
      continue;
    }
    auto& frame = std::get<mpegts::Frame>(event);
    const ByteView data(*frame.data);
    intake_.offer({.kind = lane.kind(),
                   .raw = frame.dts,
                   .composition = frame.composition,
                   .key = frame.key,
                   .owner = std::move(frame.data),
                   .data = data,
                   .id = lane.id},
                  now);
  }
}

}  // namespace sluice::ingest
