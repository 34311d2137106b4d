#pragma once
// Parts as MPEG-TS: a muxer for each rendition.
#include <map>
#include <string>
#include <vector>

#include "ffmpeg/ts_muxer.hpp"
#include "hls/segment_operations.hpp"

namespace sluice::segmenter {

class TsParts {
 public:
  static Result<TsParts> open(const std::vector<media::Track>& tracks) {
    TsParts parts;
    for (const media::Track& track : tracks) {
      SLUICE_TRY_VALUE(ffmpeg::TsMuxer muxer, ffmpeg::TsMuxer::open(track));
      parts.muxers_.emplace(track.rendition, std::move(muxer));
    }
    return parts;
  }

  // With the decode times that the ledger gave the samples.
  Result<Bytes> encode(const hls::WritePart& part) {
    std::vector<media::Packet> packets = part.packets;
    std::int64_t at = part.part.start;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      packets[i].dts = at;
      packets[i].pts = at + part.samples[i].cts;
      packets[i].duration = part.samples[i].duration;
      at += part.samples[i].duration;
    }
    return muxers_.at(part.rendition).write(packets, part.part.part == 0);
  }

 private:
  std::map<std::string, ffmpeg::TsMuxer> muxers_;
};

}  // namespace sluice::segmenter
