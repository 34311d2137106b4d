// rooms: media
// Access units whose parameter sets change: [codec] then, each behind two bytes of length, a configuration and access units with 4-byte
// lengths. Configurations are few, bounded and can be read.
#include <cstdlib>

#include "media/codec_config.hpp"
#include "media/in_band_sets.hpp"

using namespace sluice;
using Found = media::InBandSets::Found;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const media::Codec codec = data[0] & 1 ? media::Codec::hevc : media::Codec::h264;
  ByteReader in(std::as_bytes(std::span(data + 1, size - 1)));
  media::InBandSets sets;
  sets.configured(codec, in.take(in.be16()));
  std::vector<ByteView> units;
  unsigned pictures = 0, changes = 0;
  while (!in.at_end()) {
    const unsigned length = in.be16();
    const ByteView unit = in.take(length & 0x7fff);
    bool picture = false;
    if (!media::units_before_picture(codec, unit, 256, units, picture)) continue;
    ++pictures;
    if (sets.take(codec, units, !(length & 0x8000)) == Found::configuration) {
      ++changes;
      media::Track track{.codec = codec, .config = sets.config()};
      if (track.config.size() > media::InBandSets::most_bytes || !media::describe(track) || media::codec_string(track).empty()) std::abort();
      if (!sets.repeats() || sets.take(codec, units, true) != Found::nothing_new) std::abort();
      ++pictures;
    }
  }
  if (changes > media::InBandSets::changes_at_once + pictures / media::InBandSets::pictures_a_change) std::abort();
  return 0;
}
