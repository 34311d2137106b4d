#include "hls/sample_parameters.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "media/byte_stream.hpp"
#include "media/codec_config.hpp"

namespace sluice::hls {
namespace {

ByteView without_trailing_zeros(ByteView unit) {
  while (!unit.empty() && unit.back() == std::byte{0}) unit = unit.first(unit.size() - 1);
  return unit;
}

}  // namespace

SampleParameters::SampleParameters(const std::string& entry, ByteView config) : hevc_(entry == "hvc1") {
  media::Track track;
  track.codec = hevc_ ? media::Codec::hevc : media::Codec::h264;
  track.config.assign(config.begin(), config.end());
  const auto length = media::nal_length_size(track);
  if (!length) return;
  const Bytes sets = media::parameter_sets(track.codec, config);
  for (const ByteView unit : media::nal_units(sets)) {
    if (is_sequence(unit)) known_.emplace_back(unit.begin(), unit.end());
  }
  if (!known_.empty()) length_size_ = *length;
}

std::optional<std::string> SampleParameters::differing(ByteView sample) const {
  if (length_size_ == 0) return std::nullopt;
  for (ByteView unit : media::prefixed_units(sample, length_size_)) {
    unit = without_trailing_zeros(unit);
    if (!is_sequence(unit) || std::ranges::any_of(known_, [&](const Bytes& known) { return std::ranges::equal(known, unit); })) continue;
    return fmt::format("a sample brings a sequence parameter set ({}) that its header does not have ({})", size_of(unit), size_of(known_.front()));
  }
  return std::nullopt;
}

bool SampleParameters::is_sequence(ByteView unit) const {
  if (unit.empty()) return false;
  const auto first = std::to_integer<unsigned>(unit[0]);
  return hevc_ ? (first >> 1 & 0x3f) == 33 : (first & 0x1f) == 7;
}

std::string SampleParameters::size_of(ByteView unit) const {
  const auto read = hevc_ ? media::read_hevc_sps(unit) : media::read_h264_sps(unit);
  return read ? fmt::format("{}x{}", read->width, read->height) : "of a size that cannot be read";
}

}  // namespace sluice::hls
