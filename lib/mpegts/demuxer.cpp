#include "mpegts/demuxer.hpp"

#include <utility>

namespace sluice::mpegts {

namespace {

constexpr std::size_t pes_prefix = 6;  // start code, stream_id, PES_packet_length

// 2.4.3.7: 33 bits in five bytes with marker bits between.
std::uint64_t time_stamp(ByteReader& in) {
  const std::uint64_t high = in.u8() >> 1 & 7, middle = in.be16() >> 1, low = in.be16() >> 1;
  return high << 30 | middle << 15 | low;
}

}  // namespace

void Demuxer::receive(ByteView bytes) {
  sync_.receive(bytes, [this](ByteView raw) {
    ++counts_.packets;
    const auto packet = read_packet(raw);
    if (!packet || packet->error || packet->scrambled)
      ++counts_.broken;
    else
      take(*packet);
  });
}

void Demuxer::take(const TransportPacket& packet) {
  if (packet.pid == pat_pid) return take_table(pat_, packet);
  if (packet.pid == pmt_pid_) return take_table(pmt_, packet);
  const auto found = streams_.find(packet.pid);
  if (found != streams_.end()) take_part(packet.pid, found->second, packet);
}

// 2.4.3.3: counts packets with a payload; each may be sent twice.
Demuxer::Continuity Demuxer::check(Counter& counter, const TransportPacket& packet) {
  const auto last = std::exchange(counter.last, packet.counter);
  if (!last || packet.discontinuity) return Continuity::next;
  if (packet.counter == *last && !counter.repeated) {
    counter.repeated = true;
    return Continuity::repeated;
  }
  counter.repeated = false;
  if (packet.counter == ((*last + 1) & 0x0f)) return Continuity::next;
  ++counts_.continuity_errors;
  return Continuity::lost;
}

void Demuxer::take_table(Table& table, const TransportPacket& packet) {
  if (!packet.payload) return;
  switch (check(table.counter, packet)) {
    case Continuity::repeated: return;
    case Continuity::lost: table.assembler.reset(); break;
    case Continuity::next: break;
  }
  sections_.clear();
  table.assembler.receive(*packet.payload, packet.unit_start, sections_);
  const bool association = packet.pid == pat_pid;
  for (const Bytes& section : std::exchange(sections_, {})) {
    if (!association) {
      if (auto streams = read_pmt(section)) take_program(std::move(*streams));
    } else if (const auto pid = read_pat(section); pid && pid != pmt_pid_) {
      pmt_pid_ = pid;
      pmt_ = {};
    }
  }
}

void Demuxer::take_program(std::vector<ElementaryStream> streams) {
  if (streams == program_) return;
  std::map<std::uint16_t, Stream> followed;
  for (const ElementaryStream& one : streams) {
    if (!one.codec || followed.size() == limits_.streams) continue;
    auto before = streams_.extract(one.pid);
    if (before && before.mapped().codec == *one.codec)
      followed.insert(std::move(before));
    else if (followed.try_emplace(one.pid, Stream{.codec = *one.codec}).second && before)
      drop_unit(before.mapped());
  }
  for (auto& [pid, stream] : streams_) drop_unit(stream);
  streams_ = std::move(followed);
  program_ = streams;
  events_.push_back(ProgramFound{std::move(streams)});
}

void Demuxer::take_part(std::uint16_t pid, Stream& stream, const TransportPacket& packet) {
  if (!packet.payload) return;
  switch (check(stream.counter, packet)) {
    case Continuity::repeated: return;
    case Continuity::lost:
      drop_unit(stream);
      stream.torn = true;
      break;
    case Continuity::next: break;
  }
  if (packet.unit_start) {
    end_unit(pid, stream);
    stream.started = true;
    stream.random_access = packet.random_access;
  } else if (!stream.started) {
    return;
  }
  append(stream.held, *packet.payload);
  held_ += packet.payload->size();
  if (stream.held.size() > limits_.unit || held_ > limits_.held) return drop_unit(stream);
  if (stream.declared == 0 && stream.held.size() >= pes_prefix) {
    ByteReader length(ByteView(stream.held).subspan(4));
    if (const std::size_t told = length.be16(); told != 0) stream.declared = pes_prefix + told;
  }
  if (stream.declared != 0 && stream.held.size() >= stream.declared) end_unit(pid, stream);
}

void Demuxer::end_unit(std::uint16_t pid, Stream& stream) {
  if (!stream.started) return;
  const Bytes whole = std::exchange(stream.held, {});
  held_ -= whole.size();
  const std::size_t declared = std::exchange(stream.declared, 0);
  stream.started = false;
  const bool torn = std::exchange(stream.torn, true);  // unless it is whole
  if (declared > whole.size()) return count_damage(stream);  // cut short by the next one
  ByteReader in(declared == 0 ? ByteView(whole) : ByteView(whole).first(declared));
  const unsigned prefix = in.be24();
  in.skip(3);
  const unsigned marker = in.u8(), flags = in.u8();
  ByteReader header(in.take(in.u8()));
  if (in.failed() || prefix != 1 || (marker & 0xc0) != 0x80) return void(++counts_.broken);
  Unit unit{.pid = pid, .codec = stream.codec, .random_access = stream.random_access, .torn = torn};
  if (flags & 0x80) unit.pts = time_stamp(header);
  if ((flags & 0xc0) == 0xc0) unit.dts = time_stamp(header);
  if (header.failed()) return void(++counts_.broken);
  stream.torn = false;
  const ByteView payload = in.rest();
  unit.payload.assign(payload.begin(), payload.end());
  events_.push_back(std::move(unit));
}

void Demuxer::count_damage(Stream& stream) {
  ++stream.damaged;
  ++counts_.damaged_units;
}

std::uint64_t Demuxer::damaged_units(std::uint16_t pid) const {
  const auto found = streams_.find(pid);
  return found == streams_.end() ? 0 : found->second.damaged;
}

void Demuxer::drop_unit(Stream& stream) {
  if (stream.started) count_damage(stream);
  held_ -= stream.held.size();
  stream.held.clear();
  stream.declared = 0;
  stream.torn = stream.torn || stream.started;
  stream.started = false;
}

void Demuxer::finish() {
  for (auto& [pid, stream] : streams_) end_unit(pid, stream);
}

std::optional<DemuxerEvent> Demuxer::next_event() {
  if (events_.empty()) return std::nullopt;
  DemuxerEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

Demuxer::Counts Demuxer::counts() const {
  Counts counts = counts_;
  counts.skipped_bytes = sync_.skipped();
  counts.broken += pat_.assembler.broken() + pmt_.assembler.broken();
  return counts;
}

}  // namespace sluice::mpegts
