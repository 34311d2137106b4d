#pragma once
// A transport stream by hand, for tests: one program with the streams that it is told of.
#include <map>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "mpegts/sections.hpp"

namespace sluice::mpegts::test {

class TsWriter {
 public:
  static constexpr std::uint16_t pmt = 0x1000, video = 0x100, audio = 0x101;

  Bytes out;
  std::map<std::uint16_t, unsigned> counters;

  // Payload on a PID, in as many packets as it takes.
  void packets(std::uint16_t pid, ByteView payload, bool random_access = false) {
    bool start = true;
    while (start || !payload.empty()) {
      const bool flags = start && random_access;
      const std::size_t room = flags ? 182 : 184, size = std::min(room, payload.size());
      const std::size_t stuffing = room - size;
      ByteWriter w(out);
      w.u8(0x47).be16((start ? 0x4000u : 0u) | pid);
      const bool field = flags || stuffing > 0;
      w.u8((field ? 0x30u : 0x10u) | (counters[pid]++ & 15));
      if (flags) {
        w.u8(1 + stuffing).u8(0x40);
        for (std::size_t i = 0; i < stuffing; ++i) w.u8(0xff);
      } else if (stuffing > 0) {
        w.u8(stuffing - 1);
        if (stuffing > 1) w.u8(0);
        for (std::size_t i = 2; i < stuffing; ++i) w.u8(0xff);
      }
      w.bytes(payload.first(size));
      payload = payload.subspan(size);
      start = false;
    }
  }

  // `body` is what stands between last_section_number and the CRC.
  static Bytes section(unsigned table, ByteView body) {
    Bytes bytes;
    ByteWriter w(bytes);
    w.u8(table).be16(0xb000 | (5 + body.size() + 4)).be16(1).u8(0xc1).be16(0).bytes(body);
    w.be32(crc32_mpeg(bytes));
    return bytes;
  }
  void table(std::uint16_t pid, ByteView section) {
    Bytes payload;
    ByteWriter(payload).u8(0).bytes(section);
    packets(pid, payload);
  }
  void pat() {
    Bytes body;
    ByteWriter(body).be16(0).be16(0xe010).be16(1).be16(0xe000 | pmt);
    table(0, section(0, body));
  }
  void program(const std::vector<std::pair<std::uint16_t, unsigned>>& streams) {
    pat();
    Bytes body;
    ByteWriter w(body);
    w.be16(0xe000 | video).be16(0xf000);
    for (const auto& [pid, type] : streams) w.u8(type).be16(0xe000 | pid).be16(0xf000);
    table(pmt, section(2, body));
  }

  static void stamp(Bytes& to, unsigned prefix, std::uint64_t time) {
    ByteWriter(to).u8(prefix << 4 | (time >> 30 & 7) << 1 | 1).be16((time >> 15 & 0x7fff) << 1 | 1).be16((time & 0x7fff) << 1 | 1);
  }
  void pes(std::uint16_t pid, ByteView payload, std::uint64_t pts, std::uint64_t dts, bool random_access = false, bool length = false) {
    Bytes bytes, times;
    stamp(times, dts == pts ? 2 : 3, pts);
    if (dts != pts) stamp(times, 1, dts);
    ByteWriter w(bytes);
    w.be24(1).u8(pid == audio ? 0xc0 : 0xe0).be16(length ? 3 + times.size() + payload.size() : 0);
    w.u8(0x80).u8(dts == pts ? 0x80 : 0xc0).u8(times.size()).bytes(times).bytes(payload);
    packets(pid, bytes, random_access);
  }
};

}  // namespace sluice::mpegts::test
