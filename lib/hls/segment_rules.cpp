#include "hls/segment_rules.hpp"

#include <algorithm>

namespace sluice::hls {
namespace {

// Parts below 85 % of PART-TARGET are allowed only at the end of a segment (RFC 8216bis 4.4.4.9); a thousandth
// for rounding.
constexpr double least_share = 0.851;

// AAC at 44.1 and 48 kHz: room for audio that is not there yet when the lengths are planned.
constexpr std::int64_t common_audio_frames_us[] = {23'220, 21'334};

// How many frames a usual video part holds: a segment is as many parts as the settings say, or nearly, and its last
// part is no crumb (less than a third of the others). All in one unit. PART-TARGET is the longest part that whole frames make near the setting,
// not the setting and a frame.
std::int64_t frames_in_part(std::int64_t frame, std::int64_t part, std::int64_t segment) {
  const std::int64_t frames = std::max<std::int64_t>(1, (segment + frame / 2) / frame);
  const std::int64_t parts = std::max<std::int64_t>(1, (segment + part / 2) / part);
  const std::int64_t first = (frames + parts - 1) / parts;
  for (const std::int64_t off : {0, -1, 1, -2}) {
    const std::int64_t here = first + off;
    if (here > 0 && (frames % here == 0 || 3 * (frames % here) >= here)) return here;
  }
  return first;
}

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
  // Video parts are whole frames; an audio part ends with the first frame past the end of one. The smallest target
  // that holds both and leaves every video part at 85 % of it or more.
  std::vector<std::int64_t> audio_frames(std::begin(common_audio_frames_us), std::end(common_audio_frames_us));
  for (const media::Track& track : tracks)
    if (track.kind() == media::Kind::audio)
      audio_frames.push_back(to_us(frame_ticks(track), track.timescale).count() + 1);
  const auto holding = [&](std::int64_t length) {
    std::int64_t most = length;
    for (const std::int64_t frame : audio_frames) most = std::max(most, (length + frame - 1) / frame * frame);
    return most;
  };
  std::int64_t target = holding(part.count());
  for (const media::Track& track : tracks) {
    if (track.kind() != media::Kind::video) continue;
    const std::int64_t frame = to_us(frame_ticks(track), track.timescale).count() + 1;
    std::int64_t length = frame * frames_in_part(frame, part.count(), segment.count());
    while (static_cast<double>(length) < least_share * static_cast<double>(holding(length))) length += frame;
    target = std::max(target, holding(length));
  }
  header.part_target_us = static_cast<std::uint32_t>(target);
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
  part_least = static_cast<std::int64_t>(least_share * static_cast<double>(part_most)) + 1;
  usual_part = media::rescale(header.part_ms, 1000, scale);
  if (track.kind() == media::Kind::video) {
    std::int64_t frames = frames_in_part(frame, usual_part, media::rescale(header.segment_ms, 1000, scale));
    while (frames > 1 && frames * frame > part_most) --frames;
    while (frames * frame < part_least && (frames + 1) * frame <= part_most) ++frames;
    usual_part = frames * frame;
  }
  segment_most = header.target_duration_s * scale + scale / 2 - 1;
}

microseconds forced_length(const LedgerHeader& header) {
  return seconds(header.target_duration_s) + milliseconds(400);
}

}  // namespace sluice::hls
