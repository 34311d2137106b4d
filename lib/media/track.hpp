#pragma once
// What a stream is made of: tracks, and the packets that travel on them.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace sluice::media {

enum class Kind { video, audio };
enum class Codec { h264, hevc, av1, vp9, aac, opus, mp3, flac, ac3, eac3 };

std::string_view name(Codec codec);  // "h264", "aac", …
Kind kind_of(Codec codec);

struct Rational {
  std::int64_t num = 0;
  std::int64_t den = 1;
  bool operator==(const Rational&) const = default;
};

// Time is counted in ticks of 1/timescale s from the stream's epoch (source time 0).
// Video travels at 90,000 ticks a second, audio at its sample rate, unless a source brings another.
inline constexpr std::uint32_t video_timescale = 90'000;

struct Track {
  Codec codec = Codec::h264;
  std::string rendition;            // "source", "720p30", "audio": [a-z0-9_-]+, names the rendition this track feeds
  std::uint32_t timescale = video_timescale;
  Bytes config;                     // avcC | hvcC | av1C | AudioSpecificConfig | OpusHead: the decoder's configuration
  std::uint32_t bitrate = 0;        // bit/s, 0 = unknown
  // video
  std::uint32_t width = 0, height = 0;
  Rational frame_rate{0, 1};        // 0 = unknown
  // audio
  std::uint32_t sample_rate = 0;
  std::uint32_t channels = 0;
  std::string language;             // RFC 5646, as the publisher tells it; empty = unknown
  bool alone = false;               // the ladder lists it without a picture, too

  Kind kind() const { return kind_of(codec); }
  bool operator==(const Track&) const = default;
};

// One coded frame. H.264/HEVC are length-prefixed (4 bytes), AAC is raw (no ADTS), AV1 is OBUs with sizes, no temporal delimiter.
struct Packet {
  std::size_t track = 0;            // index into the stream's tracks
  std::int64_t pts = 0, dts = 0;    // ticks of the track's timescale
  std::int64_t duration = 0;        // ticks, 0 = unknown
  bool key = false;                 // a decoder may start here (every audio packet)
  std::shared_ptr<const void> owner;  // keeps data alive
  ByteView data;
};

// `value` ticks of 1/from in ticks of 1/to, rounded to nearest (128-bit inside).
std::int64_t rescale(std::int64_t value, std::int64_t from, std::int64_t to);
constexpr std::int64_t micro = 1'000'000;  // the timescale of microseconds

}  // namespace sluice::media
