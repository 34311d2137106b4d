#pragma once
// FlvIntake: a publisher's RTMP media and metadata, offered to its stream's Intake. Track 0 of each kind; others are counted.
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "media/intake.hpp"
#include "rtmp/flv.hpp"
#include "rtmp/session.hpp"

namespace sluice::ingestd {

class FlvIntake {
 public:
  explicit FlvIntake(media::Intake& intake) : intake_(intake) {}

  void metadata(const rtmp::amf::Value& value);
  // Errc::invalid: the message is broken; it was dropped.
  Result<> media(const rtmp::MediaMessage& message, Steady now);

  std::uint64_t passed_over() const { return passed_over_; }  // other tracks, unknown codecs

 private:
  Result<> configure(const rtmp::flv::Packet& packet);
  void offer(const rtmp::flv::Packet& packet, const rtmp::MediaMessage& message, Steady now);

  media::Intake& intake_;
  std::vector<rtmp::flv::Packet> packets_;  // of one message; kept for its memory
  double frame_rate_ = 0, video_kbits_ = 0, audio_kbits_ = 0, width_ = 0, height_ = 0, audio_rate_ = 0;
  unsigned length_size_ = 4;                // of NAL units as they come
  std::uint64_t passed_over_ = 0;
};

}  // namespace sluice::ingestd
