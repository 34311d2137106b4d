#pragma once
// TsIntake: a publisher's MPEG transport stream, offered to its stream's Intake. Every stream of its first program whose codec we
// know is a track, numbered in the order of the program's map, each kind from 0. What cannot be taken is told in
// the log, and by advice().
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "media/intake.hpp"
#include "mpegts/demuxer.hpp"
#include "mpegts/frames.hpp"

namespace sluice::ingest {

class TsIntake {
 public:
  // `unit`: the longest picture, in bytes.
  TsIntake(media::Intake& intake, std::size_t unit) : intake_(intake), demuxer_(limits(unit)) {}
  void set_longest(std::size_t unit) { demuxer_.set_limits(limits(unit)); }

  void receive(ByteView bytes, Steady now);
  void finish(Steady now);  // nothing more comes
  mpegts::Demuxer::Counts counts() const { return demuxer_.counts(); }
  // What the sender is to do so that all of its program can be taken; empty when all is.
  std::string advice() const;

 private:
  enum class Trouble { none, torn, no_keyframe };
  struct Lane {
    media::Codec codec{};
    std::uint8_t id = 0;
    std::string language;
    bool configured = false;  // what it is has been read
    std::optional<Steady> first_picture;  // and how many came, and keyframes among them, before it was
    std::uint64_t pictures = 0;
    unsigned bare_keys = 0;
    bool left_out = false;    // told as more than are taken, or as one that nothing can be read of
    Trouble trouble = Trouble::none;  // until it can be read
    std::variant<mpegts::AdtsFrames, mpegts::VideoFrames> frames;
    media::Kind kind() const { return media::kind_of(codec); }
  };
  static mpegts::DemuxerLimits limits(std::size_t unit) { return {.unit = unit, .held = unit + unit / 2}; }
  void take_events(Steady now);
  void take(const mpegts::ProgramFound& program);
  void look_for_damage();
  void look_for_keyframe(Lane& lane, std::uint16_t pid, bool key, Steady now);
  void tell_unknown(const mpegts::ElementaryStream& stream);
  void take(const mpegts::Unit& unit, Steady now);

  media::Intake& intake_;
  mpegts::Demuxer demuxer_;
  std::map<std::uint16_t, Lane> lanes_;                   // by PID
  std::vector<std::string> unknown_;                      // codecs of the present program that are not taken
  std::set<std::pair<std::uint16_t, std::string>> told_;  // what is left out, by PID and format: programs change often
  std::vector<mpegts::FrameEvent> frames_;                // of one unit; kept for its memory
};

}  // namespace sluice::ingest
