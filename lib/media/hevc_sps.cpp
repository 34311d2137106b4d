#include <algorithm>

#include "media/parameter_sets.hpp"

namespace sluice::media {

namespace {

std::unexpected<Error> broken_hevc() { return fail(Errc::invalid, "HEVC sequence parameter set: broken"); }

// 7.3.3
void skip_profile_tier_level(BitReader& bits, std::uint32_t sub_layers) {
  bits.skip(88 + 8);
  bool has_profile[8] = {}, has_level[8] = {};
  for (std::uint32_t i = 0; i < sub_layers; ++i) {
    has_profile[i] = bits.flag();
    has_level[i] = bits.flag();
  }
  if (sub_layers > 0) bits.skip(2 * (8 - sub_layers));
  for (std::uint32_t i = 0; i < sub_layers; ++i) {
    if (has_profile[i]) bits.skip(88);
    if (has_level[i]) bits.skip(8);
  }
}

// 7.3.4
void skip_scaling_lists(BitReader& bits) {
  for (int size = 0; size < 4; ++size) {
    for (int matrix = 0; matrix < 6 && !bits.failed(); matrix += size == 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue();
        continue;
      }
      if (size > 1) bits.se();
      const int coefficients = std::min(64, 1 << (4 + (size << 1)));
      for (int i = 0; i < coefficients && !bits.failed(); ++i) bits.se();
    }
  }
}

// 7.3.7: each set may be told as a difference from the one before, so the count of pictures is carried along.
bool skip_reference_sets(BitReader& bits, std::uint32_t count) {
  std::uint32_t pictures = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i > 0 && bits.flag()) {
      bits.skip(1);
      bits.ue();
      std::uint32_t kept = 0;
      for (std::uint32_t j = 0; j <= pictures && !bits.failed(); ++j) {
        const bool used = bits.flag();
        const bool use_delta = used || bits.flag();
        if (use_delta) ++kept;
      }
      pictures = kept;
    } else {
      const std::uint32_t negative = bits.ue(), positive = bits.ue();
      if (negative > 16 || positive > 16) return false;
      pictures = negative + positive;
      for (std::uint32_t j = 0; j < pictures && !bits.failed(); ++j) {
        bits.ue();
        bits.skip(1);
      }
    }
    if (bits.failed() || pictures > 16) return false;
  }
  return true;
}

// E.2.1, as far as the timing.
void read_timing(BitReader& bits, SequenceParameters& sps) {
  skip_display_information(bits);
  bits.skip(3);
  if (bits.flag()) {  // default display window
    for (int i = 0; i < 4; ++i) bits.ue();
  }
  if (!bits.flag()) return;
  const std::uint32_t units = bits.u(32), scale = bits.u(32);
  if (!bits.failed()) sps.frame_rate = frame_rate_of(scale, units);
}

}  // namespace

Result<SequenceParameters> read_hevc_sps(ByteView nal) {
  const Bytes raw = raw_payload(nal);
  BitReader bits(raw);
  constexpr std::uint32_t sps_type = 33;
  if ((bits.u(16) >> 9 & 0x3f) != sps_type) return broken_hevc();
  bits.skip(4);
  const std::uint32_t sub_layers = bits.u(3);
  if (sub_layers > 6) return broken_hevc();
  bits.skip(1);
  skip_profile_tier_level(bits, sub_layers);
  bits.ue();  // sps_seq_parameter_set_id
  const std::uint32_t chroma_format = bits.ue();
  if (chroma_format > 3) return broken_hevc();
  const bool separate_planes = chroma_format == 3 && bits.flag();
  const std::uint64_t width = bits.ue(), height = bits.ue();
  std::uint64_t left = 0, right = 0, top = 0, bottom = 0;
  if (bits.flag()) {
    left = bits.ue();
    right = bits.ue();
    top = bits.ue();
    bottom = bits.ue();
  }
  if (bits.failed()) return broken_hevc();
  const bool planar = chroma_format == 0 || separate_planes;
  const std::uint64_t cut_x = (left + right) * (planar || chroma_format == 3 ? 1 : 2);
  const std::uint64_t cut_y = (top + bottom) * (!planar && chroma_format == 1 ? 2 : 1);
  if (width > 65'535 || height > 65'535 || cut_x >= width || cut_y >= height) return broken_hevc();
  SequenceParameters sps{.width = static_cast<std::uint32_t>(width - cut_x),
                         .height = static_cast<std::uint32_t>(height - cut_y)};

  // What follows only leads to the timing: where it makes no sense, the size still stands.
  bits.ue();
  bits.ue();
  const std::uint32_t order_bits = bits.ue() + 4;
  const bool all_layers = bits.flag();
  for (std::uint32_t i = all_layers ? 0 : sub_layers; i <= sub_layers; ++i) {
    bits.ue();
    const std::uint32_t reordered = bits.ue();  // of the last, all layers together
    bits.ue();
    if (!bits.failed() && reordered <= 16) sps.reordered_frames = reordered;
  }
  for (int i = 0; i < 6; ++i) bits.ue();
  if (bits.flag() && bits.flag()) skip_scaling_lists(bits);
  bits.skip(2);
  if (bits.flag()) {  // PCM
    bits.skip(8);
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  const std::uint32_t reference_sets = bits.ue();
  if (reference_sets > 64 || order_bits > 16 || !skip_reference_sets(bits, reference_sets)) return sps;
  if (bits.flag()) {  // long-term reference pictures
    const std::uint32_t count = bits.ue();
    if (count > 32) return sps;
    for (std::uint32_t i = 0; i < count; ++i) bits.skip(order_bits + 1);
  }
  bits.skip(2);
  if (bits.flag() && !bits.failed()) read_timing(bits, sps);
  return sps;
}

}  // namespace sluice::media
