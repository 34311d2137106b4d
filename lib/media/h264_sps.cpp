#include "media/parameter_sets.hpp"

namespace sluice::media {

namespace {

std::unexpected<Error> broken_h264() { return fail(Errc::invalid, "H.264 sequence parameter set: broken"); }

bool has_chroma_format(std::uint32_t profile) {
  switch (profile) {
    case 100: case 110: case 122: case 244: case 44: case 83: case 86: case 118: case 128: case 138: case 139: case 134:
    case 135:
      return true;
    default:
      return false;
  }
}

void skip_scaling_list(BitReader& bits, int size) {
  std::uint32_t last = 8, next = 8;
  for (int i = 0; i < size && !bits.failed(); ++i) {
    if (next != 0) next = (last + static_cast<std::uint32_t>(bits.se())) & 0xff;
    if (next != 0) last = next;
  }
}

// E.1.2
void skip_hypothetical_decoder(BitReader& bits) {
  const std::uint32_t buffers = bits.ue() + 1;
  bits.skip(8);
  for (std::uint32_t i = 0; i < buffers && !bits.failed(); ++i) {
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  bits.skip(20);
}

// E.1.1
void read_usability_information(BitReader& bits, SequenceParameters& sps) {
  skip_display_information(bits);
  if (bits.flag()) {
    const std::uint32_t units = bits.u(32), scale = bits.u(32);
    const bool fixed = bits.flag();
    if (bits.failed()) return;
    sps.frame_rate = frame_rate_of(scale, 2 * static_cast<std::uint64_t>(units));  // two fields make a frame
    sps.fixed_frame_rate = fixed;
  }
  const bool nal = bits.flag();
  if (nal) skip_hypothetical_decoder(bits);
  const bool vcl = bits.flag();
  if (vcl) skip_hypothetical_decoder(bits);
  if (nal || vcl) bits.skip(1);
  bits.skip(1);
  if (!bits.flag()) return;
  bits.skip(1);
  for (int i = 0; i < 4; ++i) bits.ue();
  const std::uint32_t reordered = bits.ue();
  if (!bits.failed() && reordered <= 16) sps.reordered_frames = reordered;
}

}  // namespace

Result<SequenceParameters> read_h264_sps(ByteView nal) {
  const Bytes raw = raw_payload(nal);
  BitReader bits(raw);
  constexpr std::uint32_t sps_type = 7;
  if ((bits.u(8) & 0x1f) != sps_type) return broken_h264();
  const std::uint32_t profile = bits.u(8);
  bits.skip(16);  // constraints, level
  bits.ue();      // seq_parameter_set_id
  std::uint32_t chroma_format = 1;
  bool separate_planes = false;
  if (has_chroma_format(profile)) {
    chroma_format = bits.ue();
    if (chroma_format > 3) return broken_h264();
    if (chroma_format == 3) separate_planes = bits.flag();
    bits.ue();  // bit depths
    bits.ue();
    bits.skip(1);
    if (bits.flag()) {
      for (int i = 0; i < (chroma_format == 3 ? 12 : 8); ++i) {
        if (bits.flag()) skip_scaling_list(bits, i < 6 ? 16 : 64);
      }
    }
  }
  bits.ue();  // log2_max_frame_num
  const std::uint32_t order_type = bits.ue();
  if (order_type == 0) {
    bits.ue();
  } else if (order_type == 1) {
    bits.skip(1);
    bits.se();
    bits.se();
    const std::uint32_t cycle = bits.ue();
    if (cycle > 255) return broken_h264();
    for (std::uint32_t i = 0; i < cycle; ++i) bits.se();
  }
  bits.ue();  // max_num_ref_frames
  bits.skip(1);
  const std::uint64_t width_in_mbs = bits.ue() + 1ull;
  const std::uint64_t height_in_units = bits.ue() + 1ull;
  const bool frame_mbs_only = bits.flag();
  if (!frame_mbs_only) bits.skip(1);
  bits.skip(1);
  std::uint64_t left = 0, right = 0, top = 0, bottom = 0;
  if (bits.flag()) {
    left = bits.ue();
    right = bits.ue();
    top = bits.ue();
    bottom = bits.ue();
  }
  if (bits.failed()) return broken_h264();

  // 7.4.2.1.1: cropping counts chroma samples, and field lines where fields are allowed.
  const bool planar = chroma_format == 0 || separate_planes;
  const std::uint64_t crop_x = planar || chroma_format == 3 ? 1 : 2;
  const std::uint64_t crop_y = (!planar && chroma_format == 1 ? 2 : 1) * (frame_mbs_only ? 1 : 2);
  const std::uint64_t width = width_in_mbs * 16, height = height_in_units * 16 * (frame_mbs_only ? 1 : 2);
  const std::uint64_t cut_x = (left + right) * crop_x, cut_y = (top + bottom) * crop_y;
  if (width > 65'535 || height > 65'535 || cut_x >= width || cut_y >= height) return broken_h264();

  SequenceParameters sps{.width = static_cast<std::uint32_t>(width - cut_x),
                         .height = static_cast<std::uint32_t>(height - cut_y)};
  if (bits.flag()) read_usability_information(bits, sps);
  return sps;
}

}  // namespace sluice::media
