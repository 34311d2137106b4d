#pragma once
// One track as MPEG-TS, a run of packets at a time: what HLS segments with `--format ts` are made of.
// Continuity counters run on from one run to the next; PAT and PMT open each segment (RFC 8216bis 3.2).
#include <memory>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "media/track.hpp"

namespace sluice::ffmpeg {

class TsMuxer {
 public:
  // Errc::invalid for a codec that MPEG-TS does not carry here.
  static Result<TsMuxer> open(const media::Track& track);
  TsMuxer(TsMuxer&&) noexcept;
  TsMuxer& operator=(TsMuxer&&) noexcept;
  ~TsMuxer();

  // Whole TS packets of these packets; nothing is held back. `opens_segment`: tables first.
  Result<Bytes> write(std::span<const media::Packet> packets, bool opens_segment);

 private:
  struct Impl;
  explicit TsMuxer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::ffmpeg
