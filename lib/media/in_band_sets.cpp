#include "media/in_band_sets.hpp"

#include <algorithm>

#include "media/byte_stream.hpp"
#include "media/codec_config.hpp"
#include "media/nal_unit.hpp"

namespace sluice::media {

namespace {

// No NAL unit ends with zeros (H.264 7.4.1); some writers of configurations add one.
ByteView without_trailing_zeros(ByteView unit) {
  while (!unit.empty() && unit.back() == std::byte{0}) unit = unit.first(unit.size() - 1);
  return unit;
}

bool is(Codec codec, ByteView unit, bool (*what)(Codec, unsigned)) { return what(codec, nal::type_of(codec, unit)); }

// pic_parameter_set_id comes first (H.264 7.3.2.2, H.265 7.3.2.3.1).
std::uint32_t pps_id(Codec codec, ByteView pps) {
  constexpr std::size_t enough = 16;
  const std::size_t header = codec == Codec::h264 ? 1 : 2;
  const Bytes raw = raw_payload(pps.first(std::min(pps.size(), enough)));
  if (raw.size() <= header) return 0;
  BitReader bits(ByteView(raw).subspan(header));
  return bits.ue();
}

}  // namespace

void InBandSets::configured(Codec codec, ByteView config) {
  config_.assign(config.begin(), config.end());
  in_force_.clear();
  for (ByteView set : configured_sets(codec, config)) {
    set = without_trailing_zeros(set);
    if (!set.empty()) in_force_.emplace_back(set.begin(), set.end());
  }
  repeats_ = strayed_ = false;
}

bool InBandSets::holds(ByteView set) const {
  return std::ranges::any_of(in_force_, [&](const Bytes& held) { return std::ranges::equal(held, set); });
}

// With another SPS or VPS (`anew`) nothing of before is in force; a PPS takes the place of the one of its number.
Bytes InBandSets::together(Codec codec, const std::vector<ByteView>& sets, bool anew) const {
  std::vector<ByteView> all;
  if (!anew) all.assign(in_force_.begin(), in_force_.end());
  for (const ByteView set : sets) {
    if (is(codec, set, nal::is_pps))
      std::erase_if(all, [&](ByteView held) { return is(codec, held, nal::is_pps) && pps_id(codec, held) == pps_id(codec, set); });
    all.push_back(set);
  }
  if (all.size() > most_sets) return {};
  return decoder_configuration(codec, all);
}

InBandSets::Found InBandSets::take(Codec codec, const std::vector<ByteView>& units, bool start) {
  credit_ = std::min(credit_ + 1, changes_at_once * pictures_a_change);
  std::vector<ByteView> sets;
  std::size_t bytes = 0;
  bool known = true, anew = false, sps = false, pps = false;
  for (ByteView unit : units) {
    if (unit.empty() || !is(codec, unit, nal::is_parameter_set)) continue;
    unit = without_trailing_zeros(unit);
    if (unit.empty()) continue;
    sets.push_back(unit);
    bytes += unit.size();
    if (sets.size() > most_sets || bytes > most_bytes) {
      repeats_ = false;
      strayed_ = true;
      return Found::broken;
    }
    const bool held = holds(unit), of_pictures = is(codec, unit, nal::is_pps);
    known = known && held;
    anew = anew || !(held || of_pictures);
    sps = sps || is(codec, unit, nal::is_sps);
    pps = pps || of_pictures;
  }
  repeats_ = known && !sets.empty();
  if (known) return Found::nothing_new;
  strayed_ = true;
  const bool whole = anew ? sps && pps : !in_force_.empty();
  if (!start || !whole) return Found::nothing_new;
  Track track{.codec = codec, .config = together(codec, sets, anew)};
  if (track.config.empty() || track.config.size() > most_bytes || !describe(track)) return Found::broken;
  if (track.config == config_) return Found::nothing_new;  // of two of one number, the last is in force
  if (credit_ < pictures_a_change) return Found::too_often;
  credit_ -= pictures_a_change;
  configured(codec, track.config);
  repeats_ = true;
  return Found::configuration;
}

bool units_before_picture(Codec codec, ByteView data, std::size_t most, std::vector<ByteView>& out, bool& picture) {
  out.clear();
  picture = false;
  ByteReader in(data);
  while (in.remaining() > 4) {
    const ByteView unit = in.take(in.be32());
    if (in.failed()) break;
    if (unit.empty()) continue;
    picture = is(codec, unit, nal::is_picture);
    if (picture) break;
    if (out.size() == most) {
      out.clear();
      return false;
    }
    out.push_back(unit);
  }
  return true;
}

}  // namespace sluice::media
