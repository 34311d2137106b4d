#pragma once
// An intake with a fake clock, fed by hand; what it kept is told in words.
#include <optional>
#include <string>

#include "media/intake.hpp"

namespace sluice::media {

inline const Bytes payload(100);

inline Track h264(char config = 'a') { return {.codec = Codec::h264, .config = to_bytes(std::string(1, config)), .frame_rate = {30, 1}}; }
inline Track aac() { return {.codec = Codec::aac, .config = to_bytes("\x11\x90"), .sample_rate = 48'000}; }

struct Rig {
  FakeClock clock;
  Retention retention;
  Intake intake{retention};

  Rig() { intake.begin(0, false); }
  void video(std::uint32_t ms, bool key = false, int composition = 0) {
    intake.offer({Kind::video, ms, composition, key, nullptr, payload}, clock.steady());
  }
  void audio(std::uint32_t ms) { intake.offer({Kind::audio, ms, 0, true, nullptr, payload}, clock.steady()); }
  // "r0 v0k a0 v40": run, track, ms, key; each new run is named once
  std::string fed() {
    std::string out;
    std::optional<std::uint64_t> run;
    while (const Retained* next = retention.peek()) {
      if (run != next->run->number) out += "r" + std::to_string(next->run->number) + (next->run->discontinuity ? "! " : " ");
      run = next->run->number;
      const bool is_video = next->run->tracks[next->packet.track].kind() == Kind::video;
      out += (is_video ? "v" : "a") + std::to_string(next->dts_us / 1000) + (is_video && next->packet.key ? "k " : " ");
      retention.advance();
    }
    return out;
  }
};

}  // namespace sluice::media
