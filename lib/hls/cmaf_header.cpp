#include <algorithm>
#include <array>
#include <optional>

#include "hls/cmaf.hpp"
#include "hls/cmaf_boxes.hpp"

namespace sluice::hls {
namespace {

constexpr std::array<std::uint32_t, 9> unity_matrix = {0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000};

std::string_view sample_entry(media::Codec codec) {
  switch (codec) {
    case media::Codec::h264:
      return "avc1";
    case media::Codec::hevc:
      return "hvc1";
    case media::Codec::av1:
      return "av01";
    case media::Codec::vp9:
      return "vp09";
    case media::Codec::aac:
      return "mp4a";
    case media::Codec::opus:
      return "Opus";
    case media::Codec::flac:
      return "fLaC";
    default:
      return {};
  }
}

// vpcC (VP Codec ISO Media File Format Binding 2.2): profile, level and depth, 8-bit 4:2:0 where the source
// told nothing.
void write_vpcc(Bytes& out, const media::Track& track) {
  Box box(out, "vpcC", 1, 0);
  ByteView config = track.config;
  if (config.size() == 12) config = config.subspan(4);  // with the full box's version and flags
  if (config.size() >= 8)
    box->bytes(config.first(8));
  else
    box->u8(0).u8(31).u8(0x82).u8(2).u8(2).u8(2).be16(0);
}

void write_video_config(Bytes& out, const media::Track& track) {
  switch (track.codec) {
    case media::Codec::h264:
      Box(out, "avcC")->bytes(track.config);
      break;
    case media::Codec::hevc:
      Box(out, "hvcC")->bytes(track.config);
      break;
    case media::Codec::av1:
      Box(out, "av1C")->bytes(track.config);
      break;
    default:
      write_vpcc(out, track);
      break;
  }
}

// esds (ISO/IEC 14496-14 5.6): the MPEG-4 descriptors around the AudioSpecificConfig; each length in one
// byte.
void write_esds(Bytes& out, const media::Track& track) {
  const std::size_t specific = track.config.size();
  const std::size_t decoder_config = 13 + 2 + specific;
  Box box(out, "esds", 0, 0);
  box->u8(3).u8(3 + 2 + decoder_config + 3).be16(0).u8(0);
  box->u8(4).u8(decoder_config).u8(0x40).u8(0x15).be24(0).be32(track.bitrate).be32(track.bitrate);
  box->u8(5).u8(specific).bytes(track.config);
  box->u8(6).u8(1).u8(2);
}

// dOps (Encapsulation of Opus in ISO Base Media 4.3.2): OpusHead in the other byte order, without its magic.
void write_dops(Bytes& out, const media::Track& track) {
  ByteReader head(ByteView(track.config).subspan(8));
  head.u8();
  const std::uint8_t channels = head.u8();
  const std::uint16_t pre_skip = head.le16();
  const std::uint32_t rate = head.le32();
  const std::uint16_t gain = head.le16();
  Box(out, "dOps")->u8(0).u8(channels).be16(pre_skip).be32(rate).be16(gain).bytes(head.rest());
}

// dfLa (FLAC in ISO Base Media 3.3.2): the metadata block header and STREAMINFO.
void write_dfla(Bytes& out, const media::Track& track) {
  Box(out, "dfLa", 0, 0)->u8(0x80).be24(track.config.size()).bytes(track.config);
}

void write_sample_entry(Bytes& out, const media::Track& track) {
  Box entry(out, sample_entry(track.codec));
  entry->zeros(6).be16(1);
  if (track.kind() == media::Kind::video) {
    entry->zeros(16).be16(track.width).be16(track.height).be32(0x480000).be32(0x480000).be32(0).be16(1);
    entry->zeros(32).be16(0x18).be16(0xffff);
    write_video_config(out, track);
    return;
  }
  entry->zeros(8).be16(track.channels).be16(16).zeros(4);
  entry->be32(track.sample_rate < 0x10000 ? track.sample_rate << 16 : 0);
  switch (track.codec) {
    case media::Codec::aac:
      write_esds(out, track);
      break;
    case media::Codec::opus:
      write_dops(out, track);
      break;
    default:
      write_dfla(out, track);
      break;
  }
}

void write_media_information(Bytes& out, const media::Track& track) {
  Box minf(out, "minf");
  if (track.kind() == media::Kind::video)
    Box(out, "vmhd", 0, 1)->zeros(8);
  else
    Box(out, "smhd", 0, 0)->zeros(4);
  {
    Box dinf(out, "dinf");
    Box dref(out, "dref", 0, 0);
    dref->be32(1);
    Box(out, "url ", 0, 1);
  }
  Box stbl(out, "stbl");
  {
    Box stsd(out, "stsd", 0, 0);
    stsd->be32(1);
    write_sample_entry(out, track);
  }
  Box(out, "stts", 0, 0)->be32(0);
  Box(out, "stsc", 0, 0)->be32(0);
  Box(out, "stsz", 0, 0)->be32(0).be32(0);
  Box(out, "stco", 0, 0)->be32(0);
}

void write_track(Bytes& out, const media::Track& track) {
  const bool video = track.kind() == media::Kind::video;
  Box trak(out, "trak");
  {
    Box tkhd(out, "tkhd", 0, 7);  // enabled, in movie, in preview
    tkhd->be32(0).be32(0).be32(1).be32(0).be32(0).zeros(8).be16(0).be16(0).be16(video ? 0 : 0x100).be16(0);
    for (const std::uint32_t value : unity_matrix) tkhd->be32(value);
    tkhd->be32(track.width << 16).be32(track.height << 16);
  }
  Box mdia(out, "mdia");
  Box(out, "mdhd", 0, 0)->be32(0).be32(0).be32(track.timescale).be32(0).be16(0x55c4).be16(0);  // language
                                                                                               // "und"
  Box(out, "hdlr", 0, 0)
      ->be32(0)
      .text(video ? "vide" : "soun")
      .zeros(12)
      .text(video ? "video" : "audio")
      .u8(0);
  write_media_information(out, track);
}

std::optional<std::string_view> config_fault(const media::Track& track) {
  switch (track.codec) {
    case media::Codec::h264:
      if (track.config.size() < 7) return "no avcC";
      break;
    case media::Codec::hevc:
      if (track.config.size() < 23) return "no hvcC";
      break;
    case media::Codec::av1:
      if (track.config.size() < 4) return "no av1C";
      break;
    case media::Codec::aac:
      if (track.config.size() < 2 || track.config.size() > 64) return "no AudioSpecificConfig";
      break;
    case media::Codec::opus:
      if (track.config.size() < 19) return "no OpusHead";
      break;
    case media::Codec::flac:
      if (track.config.size() != 34) return "no STREAMINFO";
      break;
    case media::Codec::vp9:
      break;
    default:
      return "a codec without a place in CMAF";
  }
  if (track.width > 0xffff || track.height > 0xffff) return "a picture too large";
  return std::nullopt;
}

void write_header(Bytes& out, const media::Track& track) {
  Box(out, "ftyp")->text("iso6").be32(0).text("iso6").text("cmfc").text("mp41");
  Box moov(out, "moov");
  {
    Box mvhd(out, "mvhd", 0, 0);
    mvhd->be32(0).be32(0).be32(1000).be32(0).be32(0x10000).be16(0x100).zeros(10);
    for (const std::uint32_t value : unity_matrix) mvhd->be32(value);
    mvhd->zeros(24).be32(2);
  }
  write_track(out, track);
  Box mvex(out, "mvex");
  Box(out, "trex", 0, 0)->be32(1).be32(1).be32(0).be32(0).be32(0);
}

}  // namespace

Result<Bytes> cmaf_header(const media::Track& track) {
  if (const auto fault = config_fault(track))
    return fail(Errc::invalid, "rendition " + track.rendition + " (" + std::string(media::name(track.codec)) +
                                   ") has " + std::string(*fault));
  Bytes out;
  write_header(out, track);
  return out;
}

}  // namespace sluice::hls
