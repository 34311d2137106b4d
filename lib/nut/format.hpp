#pragma once
// The NUT open container, version 3 (https://ffmpeg.org/~michael/nut.txt), as far as the media pipe uses it:
// start codes, frame flags, the variable-length numbers, the header checksum, and how codecs are named.
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "media/track.hpp"

namespace sluice::nut {

inline constexpr std::string_view file_id{"nut/multimedia container\0", 25};

inline constexpr std::uint64_t main_startcode = 0x4E4D'7A56'1F5F'04ADull;
inline constexpr std::uint64_t stream_startcode = 0x4E53'1140'5BF2'F9DBull;
inline constexpr std::uint64_t syncpoint_startcode = 0x4E4B'E4AD'EECA'4569ull;
inline constexpr std::uint64_t index_startcode = 0x4E58'DD67'2F23'E64Eull;
inline constexpr std::uint64_t info_startcode = 0x4E49'AB68'B596'BA78ull;

enum FrameFlag : std::uint32_t {
  flag_key = 1,
  flag_coded_pts = 8,
  flag_stream_id = 16,
  flag_size_msb = 32,
  flag_checksum = 64,
  flag_invalid = 8192,
};

// A syncpoint stands at least this often, and a frame of more than twice this carries a checksum.
inline constexpr std::uint64_t max_distance = 65536;
inline constexpr unsigned msb_pts_shift = 7;

// The pipe's frame codes. Each frame carries two reserved fields, which other readers skip as the format demands:
// the first is pts − dts, the second the duration, both in ticks.
enum FrameCode : std::uint8_t { code_frame = 0, code_key = 1, code_checked_frame = 2, code_checked_key = 3 };
inline constexpr std::uint32_t frame_flags = flag_coded_pts | flag_stream_id | flag_size_msb;
inline constexpr unsigned reserved_fields = 2;

// CRC-32 with generator 0x04C11DB7, start 0, most significant bit first.
std::uint32_t checksum(ByteView bytes);

void put_v(Bytes& out, std::uint64_t value);      // 7 bits a byte, most significant first
void put_s(Bytes& out, std::int64_t value);
void put_vb(Bytes& out, std::string_view bytes);  // length, then bytes
void put_vb(Bytes& out, ByteView bytes);
std::uint64_t get_v(ByteReader& in);              // an overlong number fails the reader
std::int64_t get_s(ByteReader& in);
ByteView get_vb(ByteReader& in);

std::string_view fourcc(media::Codec codec);      // 2 or 4 bytes
std::optional<media::Codec> codec_of(std::string_view fourcc);

}  // namespace sluice::nut
