#pragma once
// VideoDecoder: packets of one track → frames in the order they are shown, 4:2:0 with 8 bits or whatever the source has.
#include <functional>
#include <memory>

#include "base/result.hpp"
#include "ffmpeg/frame.hpp"
#include "media/track.hpp"

namespace sluice::ffmpeg {

class VideoDecoder {
 public:
  // As its packet says, but that pts rises strictly: a picture told to be shown before the one that it follows comes shortly after that. `key`: its packet's.
  using Out = std::function<void(Frame)>;

  // `threads` > 1 delays frames by as many: 1 where two cores share the work with encoders. Errc::invalid: no decoder.
  static Result<VideoDecoder> open(const media::Track& track, unsigned threads);
  VideoDecoder(VideoDecoder&&) noexcept;
  VideoDecoder& operator=(VideoDecoder&&) noexcept;
  ~VideoDecoder();

  void decode(const media::Packet& packet, const Out& out);  // damage is counted, never an error
  void finish(const Out& out);                               // the frames still held back
  std::uint64_t errors() const;

 private:
  struct Impl;
  explicit VideoDecoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::ffmpeg
