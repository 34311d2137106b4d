#pragma once
// Program specific information (H.222.0 2.4.4): sections that span packets, the program association table and program map
// tables in them. Sans-IO.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "media/track.hpp"

namespace sluice::mpegts {

// Puts the sections of one PID together; hands over those whose CRC is right. Holds one section (1,024 bytes at most).
class SectionAssembler {
 public:
  // The payload of the PID's next packet. Appends whole sections to `out`, from table_id up to and without the CRC.
  void receive(ByteView payload, bool unit_start, std::vector<Bytes>& out);
  void reset() { held_.clear(), started_ = false; }  // a packet is missing
  std::uint64_t broken() const { return broken_; }

 private:
  void take_whole(std::vector<Bytes>& out);
  Bytes held_;
  bool started_ = false;
  std::uint64_t broken_ = 0;
};

// The first program of a program association section: the PID of its map. Nothing: no such section, or no program.
std::optional<std::uint16_t> read_pat(ByteView section);

struct ElementaryStream {
  std::uint16_t pid = 0;
  std::uint8_t type = 0;              // stream_type, H.222.0 table 2-34
  std::optional<media::Codec> codec;  // H.264, HEVC, AAC with ADTS headers; nothing for all others
  std::string language;               // ISO 639-2, three letters (2.6.18); empty: not told
  std::string format;                 // where `codec` is nothing: what to call it; empty: no sound and no picture, as far as we know
  bool operator==(const ElementaryStream&) const = default;
};
// The streams of a program map section in use. Nothing: no such section, or broken.
std::optional<std::vector<ElementaryStream>> read_pmt(ByteView section);

std::uint32_t crc32_mpeg(ByteView bytes);  // H.222.0 annex A

}  // namespace sluice::mpegts
