#pragma once
// VideoEncoder: frames → H.264 by x264 (veryfast, no B-frames, short lookahead), IDR frames only where asked for. dts = pts.
#include <functional>
#include <memory>

#include "base/result.hpp"
#include "ffmpeg/frame.hpp"
#include "media/track.hpp"

namespace sluice::ffmpeg {

struct EncoderSettings {
  std::string rendition;
  std::uint32_t width = 0, height = 0;
  media::Rational frame_rate{30, 1};  // nominal; frames may come at any time
  std::uint32_t bitrate = 0;          // bit/s: the average, and within a second the most
  unsigned lookahead = 5;             // frames held back to judge what comes
  unsigned threads = 1;               // slices of one frame, so that they add no delay
  std::string preset = "veryfast";
};

class VideoEncoder {
 public:
  using Out = std::function<void(media::Packet)>;  // track 0, length-prefixed, 1/90000 s

  static Result<VideoEncoder> open(const EncoderSettings& settings);
  VideoEncoder(VideoEncoder&&) noexcept;
  VideoEncoder& operator=(VideoEncoder&&) noexcept;
  ~VideoEncoder();

  const media::Track& track() const;  // the same for the same settings
  // The frame must have the encoder's size, 4:2:0 with 8 bits, and rise in time (1/90000 s).
  Result<> encode(const Frame& frame, bool idr, const Out& out);
  Result<> finish(const Out& out);    // the frames still held back; then the encoder is spent

 private:
  struct Impl;
  explicit VideoEncoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::ffmpeg
