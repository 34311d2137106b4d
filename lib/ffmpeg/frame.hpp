#pragma once
// Frame: one decoded picture, shared and never changed once made.
#include <cstdint>
#include <memory>

struct AVFrame;

namespace sluice::ffmpeg {

struct Frame {
  std::shared_ptr<const AVFrame> picture;
  std::int64_t pts = 0;   // ticks of the track it was decoded from
  bool key = false;       // a decoder's: a keyframe of the source; an encoder's: every rung puts an IDR frame here

  std::uint32_t width() const;
  std::uint32_t height() const;
};

}  // namespace sluice::ffmpeg
