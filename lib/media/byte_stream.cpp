#include "media/byte_stream.hpp"

#include <algorithm>

#include "media/bit_reader.hpp"

namespace sluice::media {

namespace {

enum class Role { slice, vps, sps, pps, dropped };

Role role_of(Codec codec, ByteView unit) {
  const auto first = static_cast<std::uint8_t>(unit[0]);
  if (codec == Codec::h264) {
    switch (first & 0x1f) {
      case 7: return Role::sps;
      case 8: return Role::pps;
      case 9:
      case 12: return Role::dropped;
      default: return Role::slice;
    }
  }
  switch (first >> 1 & 0x3f) {
    case 32: return Role::vps;
    case 33: return Role::sps;
    case 34: return Role::pps;
    case 35:
    case 38: return Role::dropped;
    default: return Role::slice;
  }
}

std::vector<ByteView> with_role(Codec codec, const std::vector<ByteView>& units, Role role) {
  std::vector<ByteView> chosen;
  for (ByteView unit : units) {
    const bool known = std::ranges::any_of(chosen, [&](ByteView c) { return std::ranges::equal(c, unit); });
    if (role_of(codec, unit) == role && !known) chosen.push_back(unit);
  }
  return chosen;
}

Bytes without_emulation_prevention(ByteView unit, std::size_t most) {
  Bytes raw;
  int zeros = 0;
  for (std::byte b : unit) {
    if (raw.size() == most) break;
    if (zeros >= 2 && b == std::byte{3}) {
      zeros = 0;
      continue;
    }
    zeros = b == std::byte{0} ? zeros + 1 : 0;
    raw.push_back(b);
  }
  return raw;
}

void put_sets(Bytes& out, const std::vector<ByteView>& sets) {
  for (ByteView set : sets) ByteWriter(out).be16(set.size()).bytes(set);
}

Bytes avcc(const std::vector<ByteView>& sps, const std::vector<ByteView>& pps) {
  if (sps.empty() || pps.empty() || sps[0].size() < 4) return {};
  Bytes out;
  ByteWriter w(out);
  w.u8(1).bytes(sps[0].subspan(1, 3)).u8(0xff).u8(0xe0 | std::min<std::size_t>(sps.size(), 31));
  put_sets(out, sps);
  w.u8(pps.size());
  put_sets(out, pps);
  const auto profile = static_cast<int>(sps[0][1]);
  if (profile == 100 || profile == 110 || profile == 122 || profile == 144) {  // 5.3.3.1.2: the high profiles
    const Bytes raw = without_emulation_prevention(sps[0].subspan(4), 64);
    BitReader bits(raw);
    bits.ue();
    const std::uint32_t chroma = bits.ue();
    if (chroma == 3) bits.u(1);
    const std::uint32_t luma_depth = bits.ue(), chroma_depth = bits.ue();
    w.u8(0xfc | (chroma & 3)).u8(0xf8 | (luma_depth & 7)).u8(0xf8 | (chroma_depth & 7)).u8(0);
  }
  return out;
}

Bytes hvcc(const std::vector<ByteView>& vps, const std::vector<ByteView>& sps, const std::vector<ByteView>& pps) {
  if (sps.empty() || pps.empty()) return {};
  const Bytes raw = without_emulation_prevention(sps[0], 256);
  if (raw.size() < 16) return {};
  const unsigned sub_layers = static_cast<unsigned>(raw[2]) >> 1 & 7;  // sps_max_sub_layers_minus1
  const bool nested = static_cast<unsigned>(raw[2]) & 1;
  BitReader bits(ByteView(raw).subspan(15));  // behind general_level_idc
  if (sub_layers > 0) {
    bool profile[8] = {}, level[8] = {};
    for (unsigned i = 0; i < sub_layers; ++i) profile[i] = bits.u(1), level[i] = bits.u(1);
    for (unsigned i = sub_layers; i < 8; ++i) bits.u(2);
    for (unsigned i = 0; i < sub_layers; ++i) {
      for (int n = profile[i] ? 11 : 0; n > 0; --n) bits.u(8);
      if (level[i]) bits.u(8);
    }
  }
  bits.ue();
  const std::uint32_t chroma = bits.ue();
  if (chroma == 3) bits.u(1);
  bits.ue(), bits.ue();
  if (bits.u(1)) bits.ue(), bits.ue(), bits.ue(), bits.ue();
  const std::uint32_t luma_depth = bits.ue(), chroma_depth = bits.ue();

  Bytes out;
  ByteWriter w(out);
  w.u8(1).bytes(ByteView(raw).subspan(3, 12));  // profile, compatibility, constraints, level
  w.be16(0xf000).u8(0xfc).u8(0xfc | (chroma & 3)).u8(0xf8 | (luma_depth & 7)).u8(0xf8 | (chroma_depth & 7)).be16(0);
  w.u8((sub_layers + 1) << 3 | (nested ? 4 : 0) | 3);
  w.u8(vps.empty() ? 2 : 3);
  for (const auto& [type, sets] : {std::pair{32, &vps}, std::pair{33, &sps}, std::pair{34, &pps}}) {
    if (sets->empty()) continue;
    w.u8(0x80 | type).be16(sets->size());
    put_sets(out, *sets);
  }
  return out;
}

}  // namespace

std::vector<ByteView> configured_sets(Codec codec, ByteView config) {
  std::vector<ByteView> sets;
  ByteReader in(config);
  const auto take_sets = [&](unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const ByteView set = in.take(in.be16());
      if (in.failed()) return;
      if (!set.empty()) sets.push_back(set);
    }
  };
  if (codec == Codec::h264) {
    in.skip(5);
    take_sets(in.u8() & 0x1f);
    take_sets(in.u8());
  } else {
    in.skip(22);
    const unsigned arrays = in.u8();
    for (unsigned i = 0; i < arrays && !in.failed(); ++i) {
      in.skip(1);
      take_sets(in.be16());
    }
  }
  return sets;
}

bool has_start_code(ByteView bytes) {
  const auto is = [&](std::size_t at, unsigned value) { return bytes[at] == static_cast<std::byte>(value); };
  return bytes.size() >= 4 && is(0, 0) && is(1, 0) && (is(2, 1) || (is(2, 0) && is(3, 1)));
}

std::vector<ByteView> nal_units(ByteView bytes) {
  std::vector<ByteView> units;
  std::optional<std::size_t> begin;
  const auto end_unit = [&](std::size_t end) {
    if (!begin) return;
    while (end > *begin && bytes[end - 1] == std::byte{0}) --end;
    if (end > *begin) units.push_back(bytes.subspan(*begin, end - *begin));
  };
  for (std::size_t at = 0; at + 3 <= bytes.size();) {
    if (bytes[at + 2] > std::byte{1}) {
      at += 3;
    } else if (bytes[at] == std::byte{0} && bytes[at + 1] == std::byte{0} && bytes[at + 2] == std::byte{1}) {
      end_unit(at);
      begin = at += 3;
    } else {
      ++at;
    }
  }
  end_unit(bytes.size());
  return units;
}

Bytes decoder_configuration(Codec codec, const std::vector<ByteView>& units) {
  const auto sps = with_role(codec, units, Role::sps), pps = with_role(codec, units, Role::pps);
  // What avcC and hvcC count in: 16 bits of a set's length, 5 and 8 bits of avcC's sets.
  constexpr std::size_t longest = 0xffff, most_sps = 31, most_pps = 255;
  if (sps.size() > most_sps || pps.size() > most_pps || std::ranges::any_of(units, [](ByteView unit) { return unit.size() > longest; }, {}))
    return {};
  return codec == Codec::h264 ? avcc(sps, pps) : hvcc(with_role(codec, units, Role::vps), sps, pps);
}

Bytes length_prefixed(Codec codec, const std::vector<ByteView>& units, ByteView config) {
  const std::vector<ByteView> known = configured_sets(codec, config);
  Bytes out;
  std::size_t size = 0;
  for (ByteView unit : units) size += unit.size() + 4;
  out.reserve(size);
  for (ByteView unit : units) {
    const Role role = role_of(codec, unit);
    if (role == Role::dropped) continue;
    if (role != Role::slice && std::ranges::any_of(known, [&](ByteView k) { return std::ranges::equal(k, unit); })) continue;
    ByteWriter(out).be32(unit.size()).bytes(unit);
  }
  return out;
}

std::vector<ByteView> prefixed_units(ByteView data, unsigned length_size) {
  std::vector<ByteView> units;
  ByteReader in(data);
  while (in.remaining() > length_size) {
    std::size_t length = 0;
    for (unsigned i = 0; i < length_size; ++i) length = length << 8 | in.u8();
    const ByteView unit = in.take(length);
    if (in.failed()) break;
    if (!unit.empty()) units.push_back(unit);
  }
  return units;
}

Bytes parameter_sets(Codec codec, ByteView config) {
  Bytes out;
  for (ByteView set : configured_sets(codec, config)) ByteWriter(out).be32(1).bytes(set);
  return out;
}

std::optional<AdtsFrame> adts(ByteView bytes) {
  static constexpr std::uint32_t rates[] = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                            22050, 16000, 12000, 11025, 8000,  7350};
  ByteReader in(bytes);
  const std::uint64_t h = std::uint64_t{in.be32()} << 24 | in.be24();
  if (in.failed() || h >> 44 != 0xfff || (h >> 41 & 3) != 0) return std::nullopt;
  const unsigned object = (h >> 38 & 3) + 1, rate = h >> 34 & 15, channels = h >> 30 & 7;
  const std::size_t header = h >> 40 & 1 ? 7 : 9, size = h >> 13 & 0x1fff;
  if (rate >= std::size(rates) || channels == 0 || size < header) return std::nullopt;
  AdtsFrame frame{.sample_rate = rates[rate], .channels = channels == 7 ? 8u : channels, .header = header, .size = size};
  ByteWriter(frame.config).be16(object << 11 | rate << 7 | channels << 3);
  return frame;
}

}  // namespace sluice::media
