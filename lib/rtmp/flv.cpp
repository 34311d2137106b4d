#include "rtmp/flv.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace sluice::rtmp::flv {

namespace {

constexpr std::array<std::pair<std::uint32_t, media::Codec>, 10> codecs{{
    {fourcc("avc1"), media::Codec::h264},
    {fourcc("hvc1"), media::Codec::hevc},
    {fourcc("av01"), media::Codec::av1},
    {fourcc("vp09"), media::Codec::vp9},
    {fourcc("mp4a"), media::Codec::aac},
    {fourcc("Opus"), media::Codec::opus},
    {fourcc(".mp3"), media::Codec::mp3},
    {fourcc("fLaC"), media::Codec::flac},
    {fourcc("ac-3"), media::Codec::ac3},
    {fourcc("ec-3"), media::Codec::eac3},
}};

// VideoTagHeader: CodecID. 12 is HEVC where publishers did not wait for a FourCC.
constexpr std::uint8_t avc_id = 7, hevc_id = 12;
// AudioTagHeader: SoundFormat.
constexpr std::uint8_t mp3_id = 2, aac_id = 10, mp3_8khz_id = 14, extended_id = 9;

std::int32_t be24_signed(ByteReader& reader) { return static_cast<std::int32_t>(reader.be24() << 8) >> 8; }

std::unexpected<Error> cut_short(std::string_view what) {
  return fail(Errc::invalid, fmt::format("{} tag header: cut short", what));
}

// ModEx, in front of either kind's packet type: a chain of modifiers, of which we know one. Gives the packet type behind.
std::uint8_t skip_modifiers(ByteReader& reader, std::uint8_t packet_type, std::uint32_t& nanoseconds) {
  constexpr std::uint8_t mod_ex = 7;
  constexpr std::uint8_t timestamp_offset_nano = 0;
  while (packet_type == mod_ex && !reader.failed()) {
    std::size_t size = reader.u8() + 1u;
    if (size == 256) size = reader.be16() + 1u;
    ByteReader data(reader.take(size));
    const std::uint8_t next = reader.u8();
    if (next >> 4 == timestamp_offset_nano) {
      const std::uint32_t offset = data.be24();
      if (!data.failed() && offset < 1'000'000) nanoseconds = offset;
    }
    packet_type = next & 0x0f;
  }
  return packet_type;
}

// Enhanced RTMP's packet types, which differ between audio and video from 2 on.
PacketType video_packet_type(std::uint8_t type) {
  switch (type) {
    case 0: return PacketType::sequence_start;
    case 1: return PacketType::frames;
    case 2: return PacketType::sequence_end;
    case 3: return PacketType::frames;  // CodedFramesX: as 1, with no composition time
    case 4: return PacketType::metadata;
    default: return PacketType::unknown;
  }
}

PacketType audio_packet_type(std::uint8_t type) {
  switch (type) {
    case 0: return PacketType::sequence_start;
    case 1: return PacketType::frames;
    case 2: return PacketType::sequence_end;
    case 4: return PacketType::channel_layout;
    default: return PacketType::unknown;
  }
}

// The body of one track. Only AVC and HEVC in CodedFrames carry a composition time.
Result<> finish_track(Packet packet, std::uint8_t type, ByteView body, std::vector<Packet>& out) {
  packet.codec = codec_of(packet.fourcc);
  packet.type = packet.kind == media::Kind::video ? video_packet_type(type) : audio_packet_type(type);
  ByteReader reader(body);
  const bool has_offset = packet.codec == media::Codec::h264 || packet.codec == media::Codec::hevc;
  if (packet.kind == media::Kind::video && type == 1 && has_offset) {
    packet.composition_offset = be24_signed(reader);
    if (reader.failed()) return cut_short("video");
  }
  packet.data = reader.rest();
  if (packet.type == PacketType::sequence_end) packet.data = {};
  out.push_back(packet);
  return {};
}

// "Multitrack": one or many tracks, of one or many codecs, each with its length unless alone.
Result<> parse_tracks(ByteReader& reader, Packet packet, std::vector<Packet>& out) {
  enum : std::uint8_t { one_track = 0, many_tracks = 1, many_codecs = 2 };
  constexpr std::uint8_t video_multitrack = 6, audio_multitrack = 5;
  const std::uint8_t header = reader.u8();
  const std::uint8_t form = header >> 4, type = header & 0x0f;
  const bool nested = type == (packet.kind == media::Kind::video ? video_multitrack : audio_multitrack);
  if (form > many_codecs || nested) {
    packet.type = PacketType::unknown;
    packet.data = reader.rest();
    out.push_back(packet);
    return {};
  }
  if (form != many_codecs) packet.fourcc = reader.be32();
  do {
    if (form == many_codecs) packet.fourcc = reader.be32();
    packet.track = reader.u8();
    const std::size_t size = form == one_track ? reader.remaining() : reader.be24();
    const ByteView body = reader.take(size);
    if (reader.failed()) return cut_short("multitrack");
    SLUICE_TRY(finish_track(packet, type, body, out));
  } while (form != one_track && !reader.at_end());
  return {};
}

Result<> parse_enhanced(ByteReader& reader, Packet packet, std::uint8_t type, std::uint8_t multitrack,
                        std::vector<Packet>& out) {
  if (type == multitrack) return parse_tracks(reader, packet, out);
  packet.fourcc = reader.be32();
  if (reader.failed()) return cut_short(packet.kind == media::Kind::video ? "video" : "audio");
  return finish_track(packet, type, reader.rest(), out);
}

// AVC and AAC tell configuration from frames by a second byte; AVC (and HEVC by its number) adds a composition time.
PacketType legacy_packet_type(std::uint8_t type) {
  switch (type) {
    case 0: return PacketType::sequence_start;
    case 1: return PacketType::frames;
    case 2: return PacketType::sequence_end;
    default: return PacketType::unknown;
  }
}

}  // namespace

Result<> parse_video(ByteView message, std::vector<Packet>& out) {
  if (message.empty()) return {};
  ByteReader reader(message);
  const std::uint8_t first = reader.u8();
  const bool enhanced = first & 0x80;
  const std::uint8_t frame_type = enhanced ? first >> 4 & 0x07 : first >> 4;
  constexpr std::uint8_t key_frame = 1, disposable_frame = 3, generated_key_frame = 4, command_frame = 5;
  Packet packet{.kind = media::Kind::video,
                .key = frame_type == key_frame || frame_type == generated_key_frame,
                .disposable = frame_type == disposable_frame,
                .enhanced = enhanced};
  if (enhanced) {
    constexpr std::uint8_t metadata = 4, multitrack = 6;
    const std::uint8_t type = skip_modifiers(reader, first & 0x0f, packet.nanoseconds);
    if (reader.failed()) return cut_short("video");
    if (frame_type == command_frame && type != metadata) {
      packet.type = PacketType::command;
      out.push_back(packet);
      return {};
    }
    return parse_enhanced(reader, packet, type, multitrack, out);
  }
  const std::uint8_t codec = first & 0x0f;
  packet.fourcc = codec == avc_id ? fourcc("avc1") : codec == hevc_id ? fourcc("hvc1") : codec;
  packet.codec = codec_of(packet.fourcc);
  if (frame_type == command_frame) {
    packet.type = PacketType::command;
  } else if (packet.codec) {
    packet.type = legacy_packet_type(reader.u8());
    packet.composition_offset = be24_signed(reader);
    if (reader.failed()) return cut_short("video");
    if (packet.type != PacketType::frames) packet.composition_offset = 0;
    if (packet.type != PacketType::sequence_end) packet.data = reader.rest();
  } else {
    packet.data = reader.rest();
  }
  out.push_back(packet);
  return {};
}

Result<> parse_audio(ByteView message, std::vector<Packet>& out) {
  if (message.empty()) return {};
  ByteReader reader(message);
  const std::uint8_t first = reader.u8();
  const std::uint8_t format = first >> 4;
  Packet packet{.kind = media::Kind::audio, .key = true, .enhanced = format == extended_id};
  if (packet.enhanced) {
    constexpr std::uint8_t multitrack = 5;
    const std::uint8_t type = skip_modifiers(reader, first & 0x0f, packet.nanoseconds);
    if (reader.failed()) return cut_short("audio");
    return parse_enhanced(reader, packet, type, multitrack, out);
  }
  switch (format) {
    case aac_id: packet.fourcc = fourcc("mp4a"); break;
    case mp3_id:
    case mp3_8khz_id: packet.fourcc = fourcc(".mp3"); break;
    default: packet.fourcc = format;
  }
  packet.codec = codec_of(packet.fourcc);
  if (packet.codec == media::Codec::aac) {
    packet.type = legacy_packet_type(reader.u8());
    if (reader.failed()) return cut_short("audio");
  } else if (packet.codec) {
    packet.type = PacketType::frames;
  }
  packet.data = reader.rest();
  out.push_back(packet);
  return {};
}

std::optional<media::Codec> codec_of(std::uint32_t fourcc) {
  for (const auto& [code, codec] : codecs) {
    if (code == fourcc) return codec;
  }
  return std::nullopt;
}

std::uint32_t fourcc_of(media::Codec codec) {
  for (const auto& [code, of] : codecs) {
    if (of == codec) return code;
  }
  return 0;
}

std::string fourcc_text(std::uint32_t fourcc) {
  if (fourcc < 16) return fmt::format("codec {}", fourcc);
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto letter = static_cast<unsigned char>(fourcc >> shift);
    text += letter >= 0x20 && letter < 0x7f ? static_cast<char>(letter) : '?';
  }
  return text;
}

}  // namespace sluice::rtmp::flv
