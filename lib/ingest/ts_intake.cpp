#include "ingest/ts_intake.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "log/log.hpp"

namespace sluice::ingest {

using media::Kind;

namespace {
constexpr std::uint64_t hopeless = 50;  // damaged PES packets and none that tells what the track is: a second or two of pictures
constexpr unsigned most_bare_keys = 2;  // keyframes before the first parameter sets, which some senders put behind their first picture
constexpr seconds longest_without_key{12};  // a GOP of 10 s is the longest that anybody sends
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
  look_for_damage();
}

// A line that loses a packet of everything that is long leaves sound alone of a picture and sound.
void TsIntake::look_for_damage() {
  for (auto& [pid, lane] : lanes_) {
    const std::uint64_t damaged = lane.configured || lane.left_out ? 0 : demuxer_.damaged_units(pid);
    if (damaged < hopeless) continue;
    lane.left_out = true;
    lane.trouble = Trouble::torn;
    log::warn("a track of the transport stream comes in pieces only, and nothing of it can be taken: packets are lost on the way, or by its sender",
              {{"kind", lane.kind() == Kind::video ? "video" : "audio"}, {"pid", pid}, {"damaged", damaged}, {"continuity_errors", demuxer_.counts().continuity_errors}});
  }
}

void TsIntake::take(const mpegts::ProgramFound& program) {
  std::map<std::uint16_t, Lane> lanes;
  std::uint8_t pictures = 0, sounds = 0;
  unknown_.clear();
  for (const mpegts::ElementaryStream& stream : program.streams) {
    if (!stream.codec) tell_unknown(stream);
    if (!stream.codec && !stream.format.empty()) unknown_.push_back(fmt::format("{} (PID {})", stream.format, stream.pid));
    if (!stream.codec || lanes.contains(stream.pid) || lanes.size() == mpegts::DemuxerLimits{}.streams) continue;
    Lane lane{.codec = *stream.codec};
    lane.id = lane.kind() == Kind::video ? pictures++ : sounds++;
    const auto before = lanes_.find(stream.pid);
    if (before != lanes_.end() && before->second.codec == lane.codec && before->second.id == lane.id)
      lane = std::move(before->second);
    else if (lane.kind() == Kind::video)
      lane.frames.emplace<mpegts::VideoFrames>(lane.codec);
    lane.language = stream.language;
    lanes.emplace(stream.pid, std::move(lane));
  }
  for (const auto& [pid, lane] : lanes_)
    if (lane.id >= (lane.kind() == Kind::video ? pictures : sounds)) intake_.leave(lane.kind(), lane.id);
  lanes_ = std::move(lanes);
  intake_.announce(pictures, sounds);
}

std::string TsIntake::advice() const {
  for (const auto& [pid, lane] : lanes_) {
    const char* what = lane.kind() == Kind::video ? "video" : "audio";
    if (lane.trouble == Trouble::torn)
      return fmt::format("the {} (PID {}) comes in pieces: packets are lost on the way or by the sender; raise the SRT latency, and have each message be whole "
                         "packets of 188 bytes, seven at most", what, pid);
    if (lane.trouble == Trouble::no_keyframe)
      return fmt::format("no keyframe with parameter sets comes of the {} (PID {}): have the sender repeat both, and each message be whole packets of 188 bytes, "
                         "seven at most", what, pid);
  }
  if (unknown_.empty()) return {};
  return fmt::format("{} is not taken: send H.264 or HEVC, and AAC with ADTS headers", fmt::join(unknown_, ", "));
}

// An encoder, or what sends for it, may tell what its pictures are once, before anybody listens.
void TsIntake::look_for_keyframe(Lane& lane, std::uint16_t pid, bool key, Steady now) {
  if (!lane.first_picture) lane.first_picture = now;
  ++lane.pictures;
  lane.bare_keys += key;
  if (lane.bare_keys < most_bare_keys && now - *lane.first_picture < longest_without_key) return;
  lane.left_out = true;
  lane.trouble = Trouble::no_keyframe;
  log::warn("no keyframe with parameter sets has come among a track's pictures, and none of them can be taken: have the sender repeat both",
            {{"pid", pid}, {"pictures", lane.pictures}, {"keyframes", lane.bare_keys}});
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
      lane.configured = true;
      lane.trouble = Trouble::none;
      const bool taken = intake_.configure(std::move(*track), lane.id);
      if (!taken && !lane.left_out)
        log::warn("more tracks than are taken: one is left out",
                  {{"kind", lane.kind() == Kind::video ? "video" : "audio"}, {"pid", unit.pid}});
      lane.left_out = !taken;
      continue;
    }
    auto& frame = std::get<mpegts::Frame>(event);
    if (!lane.configured && !lane.left_out && lane.kind() == Kind::video) look_for_keyframe(lane, unit.pid, frame.key, now);
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
