#include "media/audio_config.hpp"

#include <array>

#include "media/bit_reader.hpp"
#include "media/broken.hpp"

namespace sluice::media {

namespace {

constexpr unsigned sbr = 5, ps = 29;
constexpr std::array<std::uint32_t, 13> rates{96'000, 88'200, 64'000, 48'000, 44'100, 32'000, 24'000,
                                              22'050, 16'000, 12'000, 11'025, 8'000,  7'350};
// Table 1.19, channelConfiguration; 0 is told elsewhere.
constexpr std::array<std::uint32_t, 16> channel_counts{0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0};

unsigned read_object_type(BitReader& bits) {
  const unsigned type = bits.u(5);
  return type == 31 ? 32 + bits.u(6) : type;
}

// 0 where the index is reserved.
std::uint32_t read_rate(BitReader& bits) {
  const unsigned index = bits.u(4);
  if (index == 15) return bits.u(24);
  return index < rates.size() ? rates[index] : 0;
}

bool is_general_audio(unsigned type) {
  return (type >= 1 && type <= 4) || type == 6 || type == 7 || type == 17 || (type >= 19 && type <= 23);
}

// 4.5.1.2: channels of a program config element.
std::uint32_t read_program_config(BitReader& bits) {
  bits.skip(4 + 2 + 4);
  const unsigned front = bits.u(4), side = bits.u(4), back = bits.u(4), lfe = bits.u(2);
  bits.skip(3 + 4);
  if (bits.flag()) bits.skip(4);
  if (bits.flag()) bits.skip(4);
  if (bits.flag()) bits.skip(3);
  std::uint32_t channels = lfe;
  for (unsigned i = 0; i < front + side + back; ++i) {
    channels += bits.flag() ? 2 : 1;
    bits.skip(4);
  }
  return bits.failed() ? 0 : channels;
}

}  // namespace

Result<AudioParameters> read_audio_specific_config(ByteView config) {
  BitReader bits(config);
  AudioParameters audio;
  audio.object_type = read_object_type(bits);
  audio.core_sample_rate = audio.sample_rate = read_rate(bits);
  const unsigned channel_configuration = bits.u(4);
  audio.channels = channel_counts[channel_configuration];
  if (audio.object_type == sbr || audio.object_type == ps) {
    audio.sample_rate = read_rate(bits);
    const unsigned core = read_object_type(bits);
    if (audio.object_type == ps && audio.channels == 1) audio.channels = 2;
    if (core == 22) bits.skip(4);
    if (bits.failed()) return broken("AudioSpecificConfig");
  }
  if (bits.failed() || audio.sample_rate == 0 || audio.core_sample_rate == 0 || audio.object_type == 0 ||
      audio.sample_rate > 384'000) {
    return broken("AudioSpecificConfig");
  }
  if (!is_general_audio(audio.object_type)) return audio;

  // GASpecificConfig (4.4.1), then, for old decoders hidden at the end, the sign of SBR and PS.
  bits.skip(1);
  if (bits.flag()) bits.skip(14);
  const bool extension = bits.flag();
  if (channel_configuration == 0) {
    audio.channels = read_program_config(bits);
    return audio;
  }
  if (extension || bits.failed() || bits.remaining() < 16) return audio;
  constexpr std::uint32_t sync_extension = 0x2b7;
  if (bits.u(11) != sync_extension || read_object_type(bits) != sbr || !bits.flag()) return audio;
  const std::uint32_t rate = read_rate(bits);
  if (bits.failed() || rate == 0 || rate > 384'000) return audio;
  audio.object_type = sbr;
  audio.sample_rate = rate;
  constexpr std::uint32_t ps_extension = 0x548;
  if (bits.remaining() >= 12 && bits.u(11) == ps_extension && bits.flag()) {
    audio.object_type = ps;
    if (audio.channels == 1) audio.channels = 2;
  }
  return audio;
}

Result<AudioParameters> read_opus_head(ByteView config) {
  ByteReader reader(config);
  if (as_text(reader.take(8)) != "OpusHead") return broken("OpusHead");
  const std::uint8_t version = reader.u8();
  const std::uint32_t channels = reader.u8();
  reader.skip(9);  // pre-skip, the original's rate, gain, and the mapping family
  if (reader.failed() || version >= 16 || channels == 0) return broken("OpusHead");
  constexpr std::uint32_t always = 48'000;
  return AudioParameters{.sample_rate = always, .channels = channels};
}

Result<AudioParameters> read_flac_stream_info(ByteView config) {
  ByteReader reader(config);
  if (config.size() >= 4 && as_text(config.first(4)) == "fLaC") reader.skip(4);
  constexpr std::size_t size = 34;
  if (reader.remaining() > size) reader.skip(4);  // the metadata block's header
  BitReader bits(reader.take(size));
  bits.skip(80);  // block and frame sizes
  const std::uint32_t rate = bits.u(20), channels = bits.u(3) + 1;
  if (reader.failed() || bits.failed() || rate == 0) return broken("FLAC STREAMINFO");
  return AudioParameters{.sample_rate = rate, .channels = channels};
}

}  // namespace sluice::media
