#pragma once
// Demuxer: any container that libavformat reads from a pipe, as tracks and packets in the form of media::Packet.
// Times are the container's own, only rescaled; they are made to rise (dts) and to agree (pts ≥ dts) where they do not.
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "ffmpeg/pipe.hpp"
#include "media/track.hpp"

namespace sluice::ffmpeg {

class Demuxer {
 public:
  using Read = std::function<Result<std::size_t>(std::span<std::byte>)>;  // blocks; 0 = end

  static Result<Demuxer> open(Read read, ReadLimits limits);
  Demuxer(Demuxer&&) noexcept;
  Demuxer& operator=(Demuxer&&) noexcept;
  ~Demuxer();

  const std::vector<media::Track>& tracks() const;
  const Metadata& metadata() const;
  Result<std::optional<media::Packet>> next();
  std::uint64_t damaged() const;

 private:
  struct Impl;
  explicit Demuxer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::ffmpeg
