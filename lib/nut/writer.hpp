#pragma once
// Writer: tracks and packets → the bytes of the media pipe (NUT version 3). No descriptor, no clock: bytes are appended
// to a buffer of the caller. Exact decode times and durations travel in the frames' reserved fields (nut/format.hpp).
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "media/track.hpp"

namespace sluice::nut {

using Info = std::map<std::string, std::string>;  // keys ≤ 255 bytes, values ≤ 1000

class Writer {
 public:
  // `decode_delays`: frames of reordering per track (0 = none), for readers that know only pts; empty = all 0.
  Writer(std::vector<media::Track> tracks, Info info, std::vector<unsigned> decode_delays = {});

  void header(Bytes& out);  // once, first
  // What stands before the packet's data, which the caller sends right after it: frames are never copied here.
  // Errc::invalid: no such track, or pts < 0, or dts > pts.
  Result<> frame(Bytes& out, const media::Packet& packet);
  // An information packet among the frames: about one track, or about the whole stream (no_track).
  void info(Bytes& out, std::size_t track, const Info& info);
  static constexpr std::size_t no_track = static_cast<std::size_t>(-1);

 private:
  struct Sent {
    std::int64_t last_pts = 0;
    std::uint64_t key_syncpoint = 0;  // position of the syncpoint before the last keyframe
  };
  void syncpoint(Bytes& out, const media::Packet& packet, std::uint64_t at);  // before the packet, whose pts it has

  std::vector<media::Track> tracks_;
  Info info_;
  std::vector<unsigned> decode_delays_;
  std::vector<std::uint32_t> timescales_;  // the time bases of the main header, without repeats
  std::vector<Sent> sent_;
  std::uint64_t written_ = 0;        // bytes of the pipe so far, frames' data included
  std::uint64_t last_syncpoint_ = 0;
  bool any_syncpoint_ = false;
};

}  // namespace sluice::nut
