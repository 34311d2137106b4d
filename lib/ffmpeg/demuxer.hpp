#pragma once
// Demuxer: any container that libavformat reads from a pipe. No libav header is needed to use this one.
#include <memory>

#include "pipe/container.hpp"

namespace sluice::ffmpeg {

class Demuxer final : public pipe::Container {
 public:
  static Result<std::unique_ptr<pipe::Container>> open(pipe::Read read, pipe::ReadLimits limits);
  ~Demuxer() override;

  const std::vector<media::Track>& tracks() const override;
  const pipe::Metadata& metadata() const override;
  Result<std::optional<media::Packet>> next() override;
  std::uint64_t damaged() const override;

 private:
  struct Impl;
  explicit Demuxer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::ffmpeg
