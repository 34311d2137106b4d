#include "nut/format.hpp"

#include <array>
#include <utility>

namespace sluice::nut {

namespace {
using media::Codec;

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i << 24;
    for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ (crc & 0x8000'0000u ? 0x04C1'1DB7u : 0);
    table[i] = crc;
  }
  return table;
}();

// AAC, AC-3 and FLAC go by their wave format number (little-endian), as NUT prescribes; the others by a FourCC.
constexpr std::pair<Codec, std::string_view> names[] = {
    {Codec::h264, "H264"}, {Codec::hevc, "HEVC"}, {Codec::av1, "AV01"}, {Codec::vp9, "VP90"},
    {Codec::aac, {"\xff\x00", 2}}, {Codec::opus, "Opus"}, {Codec::mp3, "MP3 "},
    {Codec::flac, {"\xac\xf1", 2}}, {Codec::ac3, {"\x00\x20", 2}}, {Codec::eac3, "ec-3"},
};
}  // namespace

std::uint32_t checksum(ByteView bytes) {
  std::uint32_t crc = 0;
  for (std::byte b : bytes) crc = crc << 8 ^ crc_table[crc >> 24 ^ static_cast<std::uint32_t>(b)];
  return crc;
}

void put_v(Bytes& out, std::uint64_t value) {
  int shift = 0;
  while (shift < 63 && value >> (shift + 7)) shift += 7;
  for (; shift > 0; shift -= 7) out.push_back(static_cast<std::byte>(0x80 | (value >> shift & 0x7f)));
  out.push_back(static_cast<std::byte>(value & 0x7f));
}

void put_s(Bytes& out, std::int64_t value) {
  put_v(out, value > 0 ? 2 * static_cast<std::uint64_t>(value) - 1 : 2 * (0 - static_cast<std::uint64_t>(value)));
}

void put_vb(Bytes& out, std::string_view bytes) { put_vb(out, as_bytes(bytes)); }

void put_vb(Bytes& out, ByteView bytes) {
  put_v(out, bytes.size());
  append(out, bytes);
}

std::uint64_t get_v(ByteReader& in) {
  std::uint64_t value = 0;
  for (int i = 0; i < 9; ++i) {
    const std::uint8_t byte = in.u8();
    value = value << 7 | (byte & 0x7f);
    if (!(byte & 0x80)) return value;
  }
  in.take(in.remaining() + 1);
  return 0;
}

std::int64_t get_s(ByteReader& in) {
  const std::uint64_t value = get_v(in) + 1;
  const auto half = static_cast<std::int64_t>(value >> 1);
  return value & 1 ? -half : half;
}

ByteView get_vb(ByteReader& in) { return in.take(get_v(in)); }

std::string_view fourcc(Codec codec) {
  for (const auto& [known, name] : names)
    if (known == codec) return name;
  return {};
}

std::optional<Codec> codec_of(std::string_view fourcc) {
  for (const auto& [known, name] : names)
    if (name == fourcc) return known;
  return std::nullopt;
}

}  // namespace sluice::nut
