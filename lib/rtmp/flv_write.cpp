#include "rtmp/flv.hpp"

namespace sluice::rtmp::flv {

namespace {

// The packet types that a publisher of ours writes have the same numbers in all four headers.
std::uint8_t number(PacketType type) {
  switch (type) {
    case PacketType::sequence_start: return 0;
    case PacketType::sequence_end: return 2;
    default: return 1;
  }
}

}  // namespace

void write_legacy_video(Bytes& out, PacketType type, bool key, std::int32_t composition_offset) {
  ByteWriter(out)
      .u8((key ? 0x10 : 0x20) | 7)
      .u8(number(type))
      .be24(static_cast<std::uint32_t>(composition_offset) & 0xff'ffff);
}

void write_legacy_audio(Bytes& out, PacketType type) { ByteWriter(out).u8(0xaf).u8(number(type)); }

void write_enhanced_video(Bytes& out, media::Codec codec, PacketType type, bool key, std::int32_t composition_offset) {
  const bool has_offset = codec == media::Codec::h264 || codec == media::Codec::hevc;
  std::uint8_t packet_type = number(type);
  constexpr std::uint8_t coded_frames_x = 3;
  if (type == PacketType::frames && has_offset && composition_offset == 0) packet_type = coded_frames_x;
  ByteWriter w(out);
  w.u8(0x80 | (key ? 0x10 : 0x20) | packet_type).be32(fourcc_of(codec));
  if (packet_type == 1 && has_offset) w.be24(static_cast<std::uint32_t>(composition_offset) & 0xff'ffff);
}

void write_enhanced_audio(Bytes& out, media::Codec codec, PacketType type) {
  ByteWriter(out).u8(0x90 | number(type)).be32(fourcc_of(codec));
}

void write_track(Bytes& out, media::Codec codec, PacketType type, bool key, std::int32_t composition_offset, std::uint8_t track) {
  constexpr std::uint8_t video_multitrack = 6, audio_multitrack = 5;
  const bool video = media::kind_of(codec) == media::Kind::video;
  ByteWriter w(out);
  w.u8(video ? 0x80 | (key ? 0x10 : 0x20) | video_multitrack : 0x90 | audio_multitrack);
  w.u8(number(type)).be32(fourcc_of(codec)).u8(track);
  const bool has_offset = codec == media::Codec::h264 || codec == media::Codec::hevc;
  if (has_offset && type == PacketType::frames) w.be24(static_cast<std::uint32_t>(composition_offset) & 0xff'ffff);
}

}  // namespace sluice::rtmp::flv
