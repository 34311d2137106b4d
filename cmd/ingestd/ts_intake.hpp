#pragma once
// TsIntake: a publisher's MPEG transport stream, offered to its stream's Intake. The first video and the first audio stream of
// its first program; others are passed over.
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "media/intake.hpp"
#include "mpegts/demuxer.hpp"
#include "mpegts/frames.hpp"

namespace sluice::ingestd {

class TsIntake {
 public:
  // `unit`: the longest picture, in bytes.
  TsIntake(media::Intake& intake, std::size_t unit) : intake_(intake), demuxer_({.unit = unit, .held = unit + unit / 2}) {}

  void receive(ByteView bytes, Steady now);
  void finish(Steady now);  // nothing more comes
  mpegts::Demuxer::Counts counts() const { return demuxer_.counts(); }

 private:
  void take_events(Steady now);
  void take(const mpegts::ProgramFound& program);
  void take(const mpegts::Unit& unit, Steady now);

  media::Intake& intake_;
  mpegts::Demuxer demuxer_;
  struct Picked {
    std::uint16_t pid;
    media::Codec codec;
    bool operator==(const Picked&) const = default;
  };
  std::optional<Picked> video_, audio_;
  std::optional<mpegts::VideoFrames> pictures_;
  mpegts::AdtsFrames sound_;
  std::vector<mpegts::FrameEvent> frames_;  // of one unit; kept for its memory
};

}  // namespace sluice::ingestd
