#pragma once
// AudioTranscoder: packets of any audio codec → AAC-LC at the same sample rate, at most stereo.
#include <functional>
#include <memory>

#include "base/result.hpp"
#include "media/track.hpp"

namespace sluice::ffmpeg {

class AudioTranscoder {
 public:
  using Out = std::function<void(media::Packet)>;  // track 0, raw AAC, 1/sample_rate s

  // Opus and others keep their time; a gap in the input is a gap in the output.
  static Result<AudioTranscoder> open(const media::Track& from, std::uint32_t bitrate);
  AudioTranscoder(AudioTranscoder&&) noexcept;
  AudioTranscoder& operator=(AudioTranscoder&&) noexcept;
  ~AudioTranscoder();

  const media::Track& track() const;
  void transcode(const media::Packet& packet, const Out& out);  // damage is counted, never an error
  void finish(const Out& out);
  std::uint64_t errors() const;

 private:
  struct Impl;
  explicit AudioTranscoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::ffmpeg
