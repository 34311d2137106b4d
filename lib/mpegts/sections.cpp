#include "mpegts/sections.hpp"

#include <initializer_list>
#include <utility>

namespace sluice::mpegts {

namespace {

constexpr std::size_t longest_section = 1024;  // 2.4.4: PAT and PMT
constexpr std::byte stuffing{0xff};
constexpr unsigned pat_table = 0, pmt_table = 2;
constexpr unsigned registration_descriptor = 5, language_descriptor = 10;
constexpr unsigned dvb_ac3 = 0x6a, dvb_eac3 = 0x7a;
constexpr std::uint32_t hevc_format = 0x48455643;  // "HEVC"

// What the descriptor of that tag holds; empty where there is none.
ByteView descriptor(ByteView descriptors, unsigned wanted) {
  ByteReader in(descriptors);
  while (in.remaining() >= 2) {
    const unsigned tag = in.u8();
    const ByteView body = in.take(in.u8());
    if (tag == wanted) return body;
  }
  return {};
}

std::string language_of(ByteView descriptors) {
  const std::string_view text = as_text(descriptor(descriptors, language_descriptor)).substr(0, 3);
  const bool letters = text.size() == 3 && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
  return letters && text != "und" ? std::string(text) : "";
}

// Table 2-34. Private data may name its format in a registration descriptor (2.6.8).
std::optional<media::Codec> codec_of(unsigned type, ByteView descriptors) {
  switch (type) {
    case 0x0f: return media::Codec::aac;
    case 0x1b: return media::Codec::h264;
    case 0x24: return media::Codec::hevc;
    case 0x06: break;
    default: return std::nullopt;
  }
  ByteReader registered(descriptor(descriptors, registration_descriptor));
  if (registered.be32() == hevc_format) return media::Codec::hevc;
  return std::nullopt;
}

// Sound and pictures that are not taken, by stream_type (table 2-34; from 0x80 ATSC A/53 part 3, table 6.1) or, in private data, by
// format_identifier or a descriptor of DVB's (EN 300 468 table 12). Subtitles, teletext, cues and metadata have no name here.
std::string format_of(unsigned type, ByteView descriptors) {
  switch (type) {
    case 0x01: return "MPEG-1 video";
    case 0x02: return "MPEG-2 video";
    case 0x03: [[fallthrough]];
    case 0x04: return "MPEG audio (MP2 or MP3)";
    case 0x10: return "MPEG-4 part 2";
    case 0x11: return "AAC in LATM";
    case 0x1c: return "AAC without ADTS headers";
    case 0x21: return "JPEG 2000";
    case 0x2d: [[fallthrough]];
    case 0x2e: return "MPEG-H audio";
    case 0x33: return "VVC";
    case 0x81: return "AC-3";
    case 0x87: return "E-AC-3";
    case 0xd1: return "Dirac";
    case 0xea: return "VC-1";
    case 0x06: break;
    default: return "";
  }
  const std::string_view registered = as_text(descriptor(descriptors, registration_descriptor)).substr(0, 4);
  for (const auto& [identifier, name] : std::initializer_list<std::pair<std::string_view, const char*>>{
           {"Opus", "Opus"}, {"AC-3", "AC-3"}, {"EAC3", "E-AC-3"}, {"AC-4", "AC-4"}, {"AV01", "AV1"}, {"VP09", "VP9"}, {"VVC ", "VVC"},
           {"BSSD", "SMPTE 302M (PCM)"}, {"drac", "Dirac"}, {"DTS1", "DTS"}, {"DTS2", "DTS"}, {"DTS3", "DTS"}})
    if (registered == identifier) return name;
  if (!descriptor(descriptors, dvb_ac3).empty()) return "AC-3";
  if (!descriptor(descriptors, dvb_eac3).empty()) return "E-AC-3";
  return "";
}

// The body of a section of that table that applies now, behind last_section_number.
std::optional<ByteView> body_of(ByteView section, unsigned table) {
  ByteReader in(section);
  const unsigned id = in.u8();
  in.skip(4);
  const unsigned version = in.u8();
  in.skip(2);
  const bool current = version & 1;
  if (in.failed() || id != table || !current) return std::nullopt;
  return in.rest();
}

}  // namespace

std::uint32_t crc32_mpeg(ByteView bytes) {
  std::uint32_t crc = 0xffff'ffff;
  for (const std::byte b : bytes) {
    crc ^= static_cast<std::uint32_t>(b) << 24;
    for (int i = 0; i < 8; ++i) crc = crc << 1 ^ (crc >> 31 ? 0x04c1'1db7 : 0);
  }
  return crc;
}

void SectionAssembler::receive(ByteView payload, bool unit_start, std::vector<Bytes>& out) {
  if (!unit_start) {
    if (!started_) return;
    append(held_, payload);
    return take_whole(out);
  }
  ByteReader in(payload);
  const ByteView before = in.take(in.u8());  // pointer_field: the rest of an earlier section comes first
  if (in.failed()) return reset();
  if (started_) {
    append(held_, before);
    take_whole(out);
  }
  held_.clear();
  started_ = true;
  append(held_, in.rest());
  take_whole(out);
}

void SectionAssembler::take_whole(std::vector<Bytes>& out) {
  std::size_t at = 0;
  while (started_) {
    const ByteView rest = ByteView(held_).subspan(at);
    if (rest.size() < 3) break;
    if (rest[0] == stuffing) {
      started_ = false;
      break;
    }
    const std::size_t size = 3 + ((static_cast<std::size_t>(rest[1]) << 8 | static_cast<std::size_t>(rest[2])) & 0x0fff);
    if (size > longest_section || size < 7) {
      ++broken_;
      started_ = false;
      break;
    }
    if (rest.size() < size) break;
    const ByteView section = rest.first(size);
    if (crc32_mpeg(section) == 0)
      out.emplace_back(section.begin(), section.end() - 4);
    else
      ++broken_;
    at += size;
  }
  if (!started_)
    held_.clear();
  else
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(at));
}

std::optional<std::uint16_t> read_pat(ByteView section) {
  const auto body = body_of(section, pat_table);
  if (!body) return std::nullopt;
  ByteReader in(*body);
  while (in.remaining() >= 4) {
    const unsigned program = in.be16(), pid = in.be16() & 0x1fff;
    if (program != 0) return static_cast<std::uint16_t>(pid);  // 0 names the network's table
  }
  return std::nullopt;
}

std::optional<std::vector<ElementaryStream>> read_pmt(ByteView section) {
  const auto body = body_of(section, pmt_table);
  if (!body) return std::nullopt;
  ByteReader in(*body);
  in.skip(2);  // PCR_PID
  in.skip(in.be16() & 0x0fff);
  std::vector<ElementaryStream> streams;
  while (!in.failed() && in.remaining() >= 5) {
    const unsigned type = in.u8(), pid = in.be16() & 0x1fff;
    const ByteView descriptors = in.take(in.be16() & 0x0fff);
    if (in.failed()) break;
    const auto codec = codec_of(type, descriptors);
    streams.push_back({static_cast<std::uint16_t>(pid), static_cast<std::uint8_t>(type), codec, language_of(descriptors),
                       codec ? "" : format_of(type, descriptors)});
  }
  if (in.failed()) return std::nullopt;
  return streams;
}

}  // namespace sluice::mpegts
