#include "hls/segment_rules.hpp"

#include <algorithm>

namespace sluice::hls {
namespace {

// Parts below 85 % of PART-TARGET are allowed only at the end of a segment (RFC 8216bis 4.4.4.9); one per
// cent for rounding.
constexpr double least_share = 0.86;

std::int64_t audio_frame_samples(media::Codec codec) {
  switch (codec) {
    case media::Codec::opus:
      return 960;
    case media::Codec::mp3:
      return 1152;
    case media::Codec::ac3:
    case media::Codec::eac3:
      return 1536;
    case media::Codec::flac:
      return 4096;
    default:
      return 1024;
  }
}

}  // namespace

std::int64_t frame_ticks(const media::Track& track) {
  const std::int64_t scale = track.timescale;
  if (track.kind() == media::Kind::audio) {
    const std::int64_t rate = track.sample_rate > 0 ? track.sample_rate : scale;
    const std::int64_t samples = audio_frame_samples(track.codec);
    return std::max<std::int64_t>(1, track.codec == media::Codec::opus
                                         ? media::rescale(samples, 48'000, scale)
                                         : media::rescale(samples, rate, scale));
  }
  const auto [num, den] = track.frame_rate;
  if (num <= 0 || den <= 0) return std::max<std::int64_t>(1, scale / 30);
  return std::clamp<std::int64_t>(media::rescale(den, num, scale), 1, scale);
}

LedgerHeader plan_lengths(microseconds segment, microseconds part, const std::vector<media::Track>& tracks) {
  LedgerHeader header;
  header.segment_ms = static_cast<std::uint32_t>(segment.count() / 1000);
  header.part_ms = static_cast<std::uint32_t>(part.count() / 1000);
  std::int64_t longest_frame = 0;
  for (const media::Track& track : tracks)
    longest_frame = std::max(longest_frame, to_us(frame_ticks(track), track.timescale).count() + 1);
  header.part_target_us = static_cast<std::uint32_t>(part.count() + longest_frame);
  // Segments wait for a keyframe until a quarter more than asked; rounded, that is TARGETDURATION: 2 s → 2, 4
  // s → 5, 6 s → 7.
  const std::int64_t most_ms = segment.count() * 5 / 4 / 1000;
  header.target_duration_s =
      static_cast<std::uint32_t>(std::max<std::int64_t>(1, (most_ms - 500 + 999) / 1000));
  return header;
}

CutLimits::CutLimits(const LedgerHeader& header, const media::Track& track) {
  const std::int64_t scale = track.timescale;
  frame = frame_ticks(track);
  // Rounded down, so that DURATION in seconds stays within PART-TARGET.
  part_most = static_cast<std::int64_t>(static_cast<__int128>(header.part_target_us) * scale / 1'000'000);
  part_enough = std::max(media::rescale(header.part_ms, 1000, scale) - frame / 2,
                         static_cast<std::int64_t>(least_share * static_cast<double>(part_most)));
  segment_most = header.target_duration_s * scale + scale / 2 - 1;
}

microseconds forced_length(const LedgerHeader& header) {
  return seconds(header.target_duration_s) + milliseconds(400);
}

}  // namespace sluice::hls
