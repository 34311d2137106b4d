#pragma once
// Reads what CMAF headers and fragments say (ISO/IEC 14496-12 8.8, 23000-19): tracks, decode times, samples. Strict, sans-IO;
// Errc::invalid names the box and the byte. Only the boxes that HLS depends on are looked into, all must be well-formed.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace sluice::hls {

struct Mp4Track {
  std::uint32_t id = 0, timescale = 0;   // both > 0
  std::string handler;                   // "vide", "soun"
  std::string codec;                     // of the first sample entry: "avc1", "mp4a"
  std::uint32_t default_duration = 0, default_size = 0, default_flags = 0;  // trex
  Bytes config = {};                     // avcC or hvcC of an entry named avc1 or hvc1, which is not encrypted; empty: none
};

struct Mp4Header {
  std::vector<Mp4Track> tracks;          // never empty
  const Mp4Track* find(std::uint32_t id) const;
};

struct Mp4Sample {
  std::uint32_t duration = 0, size = 0;
  bool sync = false;                     // ISO's sample_is_non_sync_sample is not set
  std::uint64_t offset = 0;              // of its bytes, from the start of the data given
};

struct Mp4Fragment {                     // one traf
  std::uint32_t track = 0;
  std::uint64_t decode_time = 0;         // tfdt, ticks of the track's timescale
  std::vector<Mp4Sample> samples;
  std::uint64_t duration() const;
};

Result<Mp4Header> read_mp4_header(ByteView bytes);
// A segment or part: every moof with its mdat. Not empty.
Result<std::vector<Mp4Fragment>> read_mp4_fragments(ByteView bytes, const Mp4Header& header);

}  // namespace sluice::hls
