#pragma once
// Demuxer: a transport stream's bytes become the first program's streams and their PES packets (H.222.0 2.4.3.6). Sans-IO: it
// owns no socket and no clock, and takes whatever comes: it finds its way again after garbage, drops what a lost packet has
// damaged, and holds no more than its limits.
//
//   demuxer.receive(bytes);
//   while (auto event = demuxer.next_event()) …
//   demuxer.finish();   // no more will come: what is held is whole
//
// Clocks are handed on raw: 33 bits of 1/90000 s that wrap after 26.5 hours. Unwrapping and repair are media::Timeline's.
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "mpegts/sections.hpp"
#include "mpegts/transport.hpp"

namespace sluice::mpegts {

struct DemuxerLimits {
  std::size_t unit = 8u << 20;   // bytes of one PES packet
  std::size_t held = 12u << 20;  // of all that have begun
  std::size_t streams = 16;      // followed at once; others are passed over
};

// The program's streams, at first and whenever they change.
struct ProgramFound {
  std::vector<ElementaryStream> streams;
};
// One whole PES packet of a stream with a codec that we know.
struct Unit {
  std::uint16_t pid = 0;
  media::Codec codec{};
  std::optional<std::uint64_t> pts, dts;  // 33 bits of 1/90000 s; dts only where it differs from pts
  bool random_access = false;
  bool torn = false;  // something before it is missing: it does not continue what the unit before began
  Bytes payload;
};
using DemuxerEvent = std::variant<ProgramFound, Unit>;

class Demuxer {
 public:
  struct Counts {
    std::uint64_t packets = 0;
    std::uint64_t skipped_bytes = 0;      // garbage between packets
    std::uint64_t continuity_errors = 0;  // packets missing before this one
    std::uint64_t broken = 0;             // packets, sections and headers that break the format, or are scrambled
    std::uint64_t damaged_units = 0;      // PES packets dropped: a part is missing, or they are too long
  };
  explicit Demuxer(DemuxerLimits limits = {}) : limits_(limits) {}

  void receive(ByteView bytes);
  void finish();
  void set_limits(DemuxerLimits limits) { limits_ = limits; }  // for what is held, too
  std::optional<DemuxerEvent> next_event();
  Counts counts() const;
  std::uint64_t damaged_units(std::uint16_t pid) const;  // of one followed stream, since the program's map named it

 private:
  struct Counter {  // of one PID
    std::optional<std::uint8_t> last;
    bool repeated = false;
  };
  enum class Continuity { next, repeated, lost };
  struct Stream {
    media::Codec codec{};
    Counter counter;
    bool started = false;           // a PES packet has begun
    bool random_access = false;
    bool torn = false;              // since the last whole PES packet
    std::uint64_t damaged = 0;      // as damaged_units, of this one
    std::size_t declared = 0;       // its whole size; 0: until the next begins (2.4.3.7, video only)
    Bytes held;
  };
  struct Table {
    SectionAssembler assembler;
    Counter counter;
  };

  void take(const TransportPacket& packet);
  Continuity check(Counter& counter, const TransportPacket& packet);
  void take_table(Table& table, const TransportPacket& packet);
  void take_program(std::vector<ElementaryStream> streams);
  void take_part(std::uint16_t pid, Stream& stream, const TransportPacket& packet);
  void end_unit(std::uint16_t pid, Stream& stream);
  void drop_unit(Stream& stream);
  void count_damage(Stream& stream);

  DemuxerLimits limits_;
  Synchroniser sync_;
  Table pat_, pmt_;
  std::vector<Bytes> sections_;  // kept for its memory
  std::optional<std::uint16_t> pmt_pid_;
  std::vector<ElementaryStream> program_;
  std::map<std::uint16_t, Stream> streams_;
  std::size_t held_ = 0;
  std::deque<DemuxerEvent> events_;
  Counts counts_;
};

}  // namespace sluice::mpegts
