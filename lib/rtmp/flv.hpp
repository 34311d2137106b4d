#pragma once
// The first bytes of an audio or video message: FLV's tag headers (Video File Format Specification 10.1, annex E) and
// Enhanced RTMP v2's extended ones ("Enhanced Audio", "Enhanced Video"): what is in it, for which track, and where.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "media/track.hpp"

namespace sluice::rtmp::flv {

enum class PacketType {
  sequence_start,  // data = avcC | hvcC | av1C | vpcC | AudioSpecificConfig | OpusHead | fLaC + STREAMINFO
  frames,          // data = one access unit: length-prefixed NAL units, OBUs, raw AAC, an Opus packet…
  sequence_end,    // the decoder may be flushed; data is empty
  metadata,        // video metadata (AMF 0 "colorInfo"), data as it came
  channel_layout,  // Enhanced Audio's MultichannelConfig, data as it came
  command,         // a seek marker of video frame type 5; data is empty
  unknown,         // a packet type or legacy codec that we do not know: report it, drop it
};

// One track's share of a message. A multitrack message has several.
struct Packet {
  media::Kind kind = media::Kind::video;
  PacketType type = PacketType::unknown;
  std::optional<media::Codec> codec;       // nothing: see fourcc
  std::uint32_t fourcc = 0;                // 'avc1'…; of a legacy header the equivalent, or the bare CodecID / SoundFormat
  std::uint8_t track = 0;                  // multitrack id; 0 is the default track
  bool key = false;                        // video: frame type 1 or 4; audio: every packet
  bool disposable = false;                 // video: nothing refers to it
  std::int32_t composition_offset = 0;     // ms, PTS − DTS (24 bit signed)
  std::uint32_t nanoseconds = 0;           // to add to the message's timestamp (ModEx TimestampOffsetNano), < 1,000,000
  bool enhanced = false;                   // the header was an extended one
  ByteView data;                           // points into the message
};

// Appends what the message holds to `out`. Errors (Errc::invalid): the header or a track is cut short; whatever stood
// before that is in `out`. An empty message is no error and holds nothing.
Result<> parse_video(ByteView message, std::vector<Packet>& out);
Result<> parse_audio(ByteView message, std::vector<Packet>& out);

constexpr std::uint32_t fourcc(const char (&text)[5]) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(text[0])) << 24 |
         static_cast<std::uint32_t>(static_cast<unsigned char>(text[1])) << 16 |
         static_cast<std::uint32_t>(static_cast<unsigned char>(text[2])) << 8 |
         static_cast<std::uint32_t>(static_cast<unsigned char>(text[3]));
}
std::optional<media::Codec> codec_of(std::uint32_t fourcc);
std::uint32_t fourcc_of(media::Codec codec);
std::string fourcc_text(std::uint32_t fourcc);  // "hvc1"; a legacy number as "codec 4"

// Writing, for publishers and tests: the header alone, to be followed by the data.
void write_legacy_video(Bytes& out, PacketType type, bool key, std::int32_t composition_offset);  // AVC
void write_legacy_audio(Bytes& out, PacketType type);                                             // AAC, 44 kHz, stereo
void write_enhanced_video(Bytes& out, media::Codec codec, PacketType type, bool key, std::int32_t composition_offset);
void write_enhanced_audio(Bytes& out, media::Codec codec, PacketType type);
// A multitrack message of one track (OneTrack).
void write_track(Bytes& out, media::Codec codec, PacketType type, bool key, std::int32_t composition_offset, std::uint8_t track);

}  // namespace sluice::rtmp::flv
