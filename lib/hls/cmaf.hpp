#pragma once
// CMAF (ISO/IEC 23000-19) written by hand: a header (ftyp, moov) per codec configuration, and parts as one
// chunk each (moof, mdat). One track per file, with track id 1; times in the track's timescale.
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "media/track.hpp"

namespace sluice::hls {

// The header of a track: avc1, hvc1, av01, vp09, mp4a, Opus or fLaC. Errc::invalid when the codec has no
// place in our CMAF or its configuration is missing or broken.
Result<Bytes> cmaf_header(const media::Track& track);

struct Sample {
  std::uint32_t size = 0;      // bytes
  std::uint32_t duration = 0;  // ticks
  std::int32_t cts = 0;        // presentation − decode time, ticks; may be negative (trun version 1)
  bool key = false;
  bool operator==(const Sample&) const = default;
};

// Appends to `out` the moof and the head of the mdat of a chunk; the samples' bytes follow it, one after
// another, so that they can be written from where they lie. `sequence` is mfhd's; `start` is tfdt's, ≥ 0.
// False when the mdat would pass 4 GiB.
bool cmaf_chunk_head(Bytes& out, std::uint32_t sequence, std::int64_t start, media::Kind kind,
                     std::span<const Sample> samples);

// What a chunk holds, read back (by checkers and tests; any bytes may be given).
struct Chunk {
  std::uint32_t sequence = 0;
  std::int64_t start = 0;
  std::vector<Sample> samples;
  std::size_t data_offset = 0;  // of the first sample's bytes within the chunk
  std::size_t bytes = 0;        // of the whole chunk
};

// The chunk at the front of `bytes`. Errc::invalid when it is cut short or is not of the form written here.
Result<Chunk> parse_cmaf_chunk(ByteView bytes);

}  // namespace sluice::hls
