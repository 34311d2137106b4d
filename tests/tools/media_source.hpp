#pragma once
// What a test publisher sends: the tags of an FLV file as they stand, or any other file's packets with the tag headers that
// their codecs need (H.264 and AAC in the old form unless `enhanced`, everything else by FourCC; tracks beyond the first of a
// kind as multitrack messages).
#include <fcntl.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ffmpeg/demuxer.hpp"
#include "pipe/pipe.hpp"
#include "media/track.hpp"
#include "os/unique_fd.hpp"
#include "rtmp/amf0.hpp"
#include "rtmp/flv.hpp"

namespace sluice::test {

struct Tag {
  bool script = false;
  media::Kind kind = media::Kind::video;
  std::uint32_t ms = 0;
  Bytes payload;
};

// AVC and AAC by FourCC instead of by number. Other tags are left alone.
inline Bytes by_fourcc(media::Kind kind, const Bytes& payload) {
  std::vector<rtmp::flv::Packet> packets;
  const bool video = kind == media::Kind::video;
  const auto parsed = video ? rtmp::flv::parse_video(payload, packets) : rtmp::flv::parse_audio(payload, packets);
  if (!parsed || packets.size() != 1 || packets[0].enhanced || !packets[0].codec) return payload;
  const auto& packet = packets[0];
  Bytes out;
  if (video) {
    rtmp::flv::write_enhanced_video(out, *packet.codec, packet.type, packet.key, packet.composition_offset);
  } else {
    rtmp::flv::write_enhanced_audio(out, *packet.codec, packet.type);
  }
  append(out, packet.data);
  return out;
}

inline Result<std::vector<Tag>> read_flv(ByteView file, bool enhanced) {
  ByteReader reader(file);
  reader.skip(5);
  const std::uint32_t header = reader.be32();
  if (header < 9) return fail(Errc::invalid, "FLV: no header");
  reader.skip(header - 9 + 4);
  std::vector<Tag> tags;
  while (reader.remaining() >= 11) {
    const unsigned type = reader.u8() & 0x1f;
    const std::uint32_t size = reader.be24();
    std::uint32_t ms = reader.be24();
    ms |= static_cast<std::uint32_t>(reader.u8()) << 24;
    reader.skip(3);
    const ByteView data = reader.take(size);
    if (reader.failed()) break;
    reader.skip(4);
    if (type != 8 && type != 9 && type != 18) continue;
    Tag tag{.script = type == 18, .kind = type == 8 ? media::Kind::audio : media::Kind::video, .ms = ms};
    tag.payload.assign(data.begin(), data.end());
    if (enhanced && !tag.script) tag.payload = by_fourcc(tag.kind, tag.payload);
    tags.push_back(std::move(tag));
  }
  if (tags.empty()) return fail(Errc::invalid, "FLV: no tags");
  return tags;
}

inline Bytes tag_header(media::Codec codec, rtmp::flv::PacketType type, bool key, std::int32_t offset, bool enhanced,
                        std::uint8_t track) {
  Bytes out;
  if (track > 0) {
    rtmp::flv::write_track(out, codec, type, key, offset, track);
  } else if (media::kind_of(codec) == media::Kind::video) {
    if (codec == media::Codec::h264 && !enhanced) {
      rtmp::flv::write_legacy_video(out, type, key, offset);
    } else {
      rtmp::flv::write_enhanced_video(out, codec, type, key, offset);
    }
  } else if (codec == media::Codec::aac && !enhanced) {
    rtmp::flv::write_legacy_audio(out, type);
  } else {
    rtmp::flv::write_enhanced_audio(out, codec, type);
  }
  return out;
}

inline Result<std::vector<Tag>> read_container(const std::string& path, bool enhanced) {
  os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open " + path);
  SLUICE_TRY_VALUE(pipe::Reader reader, pipe::Reader::open(fd.get(), ffmpeg::Demuxer::open));
  std::vector<Tag> tags;
  std::vector<std::uint8_t> ids;  // by track: 0, 1, … of its kind
  unsigned videos = 0, audios = 0;
  for (const media::Track& track : reader.tracks())
    ids.push_back(static_cast<std::uint8_t>(track.kind() == media::Kind::video ? videos++ : audios++));
  rtmp::amf::EcmaArray metadata;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const media::Track& track = reader.tracks()[i];
    if (ids[i] > 0) continue;
    if (track.kind() == media::Kind::video) {
      metadata.members.emplace_back("width", static_cast<double>(track.width));
      metadata.members.emplace_back("height", static_cast<double>(track.height));
      metadata.members.emplace_back("videocodecid", static_cast<double>(rtmp::flv::fourcc_of(track.codec)));
    } else {
      metadata.members.emplace_back("audiocodecid", static_cast<double>(rtmp::flv::fourcc_of(track.codec)));
    }
  }
  Tag script{.script = true};
  rtmp::amf::write_amf0(script.payload, "onMetaData");
  rtmp::amf::write_amf0(script.payload, metadata);
  tags.push_back(std::move(script));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const media::Track& track = reader.tracks()[i];
    Bytes config = track.config;
    // libavformat keeps no vpcC: profile 0, level 3.1, 8 bits, 4:2:0.
    if (track.codec == media::Codec::vp9) config = to_bytes(std::string_view("\x00\x1f\x82\x02\x02\x02\x00\x00", 8));
    if (config.empty()) continue;
    Tag tag{.kind = track.kind()};
    tag.payload = tag_header(track.codec, rtmp::flv::PacketType::sequence_start, true, 0, enhanced, ids[i]);
    append(tag.payload, config);
    tags.push_back(std::move(tag));
  }
  for (;;) {
    SLUICE_TRY_VALUE(const auto packet, reader.next());
    if (!packet) return tags;
    const media::Track& track = reader.tracks()[packet->track];
    const std::int64_t dts = media::rescale(packet->dts, track.timescale, 1000);
    const std::int64_t pts = media::rescale(packet->pts, track.timescale, 1000);
    Tag tag{.kind = track.kind(), .ms = static_cast<std::uint32_t>(dts)};
    tag.payload = tag_header(track.codec, rtmp::flv::PacketType::frames, packet->key,
                             static_cast<std::int32_t>(pts - dts), enhanced, ids[packet->track]);
    append(tag.payload, packet->data);
    tags.push_back(std::move(tag));
  }
}

inline Result<std::vector<Tag>> read_media(const std::string& path, bool enhanced) {
  std::ifstream in(path, std::ios::binary);
  char magic[3] = {};
  in.read(magic, 3);
  if (!in) return fail(Errc::not_found, "cannot read " + path);
  if (std::string_view(magic, 3) != "FLV") return read_container(path, enhanced);
  in.seekg(0, std::ios::end);
  Bytes file(static_cast<std::size_t>(in.tellg()));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(file.data()), static_cast<std::streamsize>(file.size()));
  return read_flv(file, enhanced);
}

}  // namespace sluice::test
