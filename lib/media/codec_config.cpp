#include "media/codec_config.hpp"

#include <fmt/format.h>

#include "media/audio_config.hpp"
#include "media/av1_config.hpp"
#include "media/broken.hpp"
#include "media/parameter_sets.hpp"

namespace sluice::media {

namespace {

// AVCDecoderConfigurationRecord: the first SPS.
Result<ByteView> find_h264_sps(ByteView config) {
  ByteReader reader(config);
  const std::uint8_t version = reader.u8();
  reader.skip(4);
  const unsigned count = reader.u8() & 0x1f;
  if (reader.failed() || version != 1 || count == 0) return broken("avcC");
  const ByteView sps = reader.take(reader.be16());
  if (reader.failed() || sps.size() < 4) return broken("avcC");
  return sps;
}

// HEVCDecoderConfigurationRecord: the first SPS.
Result<ByteView> find_hevc_sps(ByteView config) {
  constexpr std::uint8_t sps_type = 33;
  ByteReader reader(config);
  reader.skip(22);
  const unsigned arrays = reader.u8();
  if (reader.failed()) return broken("hvcC");
  for (unsigned i = 0; i < arrays; ++i) {
    const std::uint8_t type = reader.u8() & 0x3f;
    const unsigned count = reader.be16();
    for (unsigned j = 0; j < count && !reader.failed(); ++j) {
      const ByteView nal = reader.take(reader.be16());
      if (type == sps_type && !reader.failed()) return nal;
    }
    if (reader.failed()) break;
  }
  return broken("hvcC");
}

void take(Track& track, const SequenceParameters& sps) {
  track.width = sps.width;
  track.height = sps.height;
  if (sps.frame_rate.num > 0) track.frame_rate = sps.frame_rate;
}

void take(Track& track, const AudioParameters& audio) {
  track.sample_rate = audio.sample_rate;
  if (audio.channels > 0) track.channels = audio.channels;
}

std::uint32_t reversed(std::uint32_t bits) {
  std::uint32_t out = 0;
  for (int i = 0; i < 32; ++i) out |= (bits >> i & 1) << (31 - i);
  return out;
}

// ISO/IEC 14496-15 E.3.
std::string hevc_string(ByteView config) {
  ByteReader reader(config);
  reader.skip(1);
  const std::uint8_t profile = reader.u8();
  const std::uint32_t compatibility = reader.be32();
  const ByteView constraints = reader.take(6);
  const std::uint8_t level = reader.u8();
  if (reader.failed()) return {};
  constexpr std::string_view spaces[] = {"", "A", "B", "C"};
  std::string text = fmt::format("hvc1.{}{}.{:X}.{}{}", spaces[profile >> 6], profile & 0x1f, reversed(compatibility),
                                 profile & 0x20 ? 'H' : 'L', level);
  std::size_t count = constraints.size();
  while (count > 0 && constraints[count - 1] == std::byte{0}) --count;
  for (const std::byte b : constraints.first(count)) text += fmt::format(".{:X}", static_cast<unsigned>(b));
  return text;
}

// "Codec ISO Media File Format Binding" of VP9: vpcC, with or without its version and flags in front.
std::string vp9_string(ByteView config) {
  if (config.size() == 12) config = config.subspan(4);
  if (config.size() < 3) return {};
  const auto profile = static_cast<unsigned>(config[0]), level = static_cast<unsigned>(config[1]);
  return fmt::format("vp09.{:02}.{:02}.{:02}", profile, level, static_cast<unsigned>(config[2]) >> 4);
}

}  // namespace

Result<SequenceParameters> sequence_parameters(const Track& track) {
  if (track.codec != Codec::h264 && track.codec != Codec::hevc) return fail(Errc::invalid, "the codec has no sequence parameter set");
  const bool h264 = track.codec == Codec::h264;
  SLUICE_TRY_VALUE(const ByteView nal, h264 ? find_h264_sps(track.config) : find_hevc_sps(track.config));
  return h264 ? read_h264_sps(nal) : read_hevc_sps(nal);
}

Result<> describe(Track& track) {
  switch (track.codec) {
    case Codec::h264:
    case Codec::hevc: {
      SLUICE_TRY_VALUE(const SequenceParameters sps, sequence_parameters(track));
      take(track, sps);
      return {};
    }
    case Codec::av1: {
      SLUICE_TRY_VALUE(const Av1Parameters av1, read_av1_config(track.config));
      if (av1.width > 0) take(track, {.width = av1.width, .height = av1.height, .frame_rate = av1.frame_rate});
      return {};
    }
    case Codec::aac: {
      SLUICE_TRY_VALUE(const AudioParameters audio, read_audio_specific_config(track.config));
      take(track, audio);
      return {};
    }
    case Codec::opus: {
      if (track.config.empty()) {
        track.sample_rate = 48'000;
        if (track.channels == 0) track.channels = 2;
        return {};
      }
      SLUICE_TRY_VALUE(const AudioParameters audio, read_opus_head(track.config));
      take(track, audio);
      return {};
    }
    case Codec::flac: {
      SLUICE_TRY_VALUE(const AudioParameters audio, read_flac_stream_info(track.config));
      take(track, audio);
      return {};
    }
    case Codec::vp9:
    case Codec::mp3:
    case Codec::ac3:
    case Codec::eac3: return {};
  }
  return {};
}

std::string codec_string(const Track& track) {
  const ByteView config = track.config;
  switch (track.codec) {
    case Codec::h264:
      if (config.size() < 4) return {};
      return fmt::format("avc1.{:02x}{:02x}{:02x}", static_cast<unsigned>(config[1]), static_cast<unsigned>(config[2]),
                         static_cast<unsigned>(config[3]));
    case Codec::hevc: return hevc_string(config);
    case Codec::av1: {
      const auto av1 = read_av1_config(config);
      if (!av1) return {};
      return fmt::format("av01.{}.{:02}{}.{:02}", av1->profile, av1->level, av1->high_tier ? 'H' : 'M', av1->bit_depth);
    }
    case Codec::vp9: return vp9_string(config);
    case Codec::aac: {
      const auto audio = read_audio_specific_config(config);
      return audio ? fmt::format("mp4a.40.{}", audio->object_type) : std::string();
    }
    case Codec::opus: return "opus";
    case Codec::mp3: return "mp4a.40.34";
    case Codec::flac: return "fLaC";
    case Codec::ac3: return "ac-3";
    case Codec::eac3: return "ec-3";
  }
  return {};
}

Result<unsigned> nal_length_size(const Track& track) {
  const std::size_t at = track.codec == Codec::h264 ? 4 : track.codec == Codec::hevc ? 21 : track.config.size();
  if (at >= track.config.size()) return broken("decoder configuration");
  const unsigned size = (static_cast<unsigned>(track.config[at]) & 3) + 1;
  if (size == 3) return broken("decoder configuration");
  return size;
}

}  // namespace sluice::media
