#pragma once
// Made-up streams through the segmenter core, with the ledger kept in memory, and the rules every ledger
// keeps to.
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "hls/segmenter.hpp"

namespace sluice::hls::test {

inline const Bytes& avcc() {
  static const Bytes bytes = to_bytes(
      std::string_view("\x01\x64\x00\x1f\xff\xe1\x00\x04\x67\x64\x00\x1f\x01\x00\x04\x68\xee\x3c\x80", 19));
  return bytes;
}

inline media::Track video_track(media::Rational rate = {30, 1}, std::string name = "source") {
  media::Track t;
  t.codec = media::Codec::h264, t.rendition = std::move(name), t.config = avcc();
  t.width = 1280, t.height = 720, t.frame_rate = rate;
  return t;
}
inline media::Track audio_track(std::uint32_t rate = 48'000) {
  media::Track t;
  t.codec = media::Codec::aac, t.rendition = "audio", t.timescale = rate, t.sample_rate = rate,
  t.channels = 2;
  t.config = to_bytes(std::string_view("\x11\x90", 2));
  return t;
}

struct Frame {
  std::size_t track;
  std::int64_t dts, pts, duration;
  bool key;
  std::uint32_t id;  // burnt into the packet's bytes
};

inline media::Packet packet_of(const Frame& f) {
  auto data = std::make_shared<Bytes>();
  ByteWriter(*data).be32(f.id);
  media::Packet p;
  p.track = f.track, p.pts = f.pts, p.dts = f.dts, p.duration = f.duration, p.key = f.key;
  p.data = *data, p.owner = data;
  return p;
}

// Frames of one video track: `is_key(n)`; `b_frames` puts pts two frames behind dts, in a wave.
template <class IsKey>
std::vector<Frame> video_frames(std::size_t count, media::Rational rate, IsKey is_key, bool b_frames = false,
                                std::size_t track = 0, std::int64_t from = 0) {
  std::vector<Frame> frames;
  const auto tick = [&](std::int64_t n) { return from + media::rescale(n * rate.den, rate.num, 90'000); };
  for (std::size_t i = 0; i < count; ++i) {
    const auto n = static_cast<std::int64_t>(i);
    const bool key = is_key(i);
    std::int64_t shown = n + 1;
    if (b_frames && !key) shown = n % 3 == 1 ? n + 3 : n;  // P ahead of two Bs
    frames.push_back({track, tick(n), b_frames ? tick(shown) : tick(n), tick(n + 1) - tick(n), key,
                      static_cast<std::uint32_t>(i)});
  }
  return frames;
}
inline std::vector<Frame> audio_frames(std::size_t count, std::size_t track = 1, std::int64_t from = 0) {
  std::vector<Frame> frames;
  for (std::size_t i = 0; i < count; ++i)
    frames.push_back({track, from + static_cast<std::int64_t>(i) * 1024,
                      from + static_cast<std::int64_t>(i) * 1024, 1024, true, static_cast<std::uint32_t>(i)});
  return frames;
}
// As a muxer interleaves: by decode time.
inline std::vector<Frame> interleave(std::vector<Frame> a, const std::vector<Frame>& b,
                                     const std::vector<media::Track>& tracks) {
  a.insert(a.end(), b.begin(), b.end());
  std::stable_sort(a.begin(), a.end(), [&](const Frame& x, const Frame& y) {
    return static_cast<__int128>(x.dts) * tracks[y.track].timescale <
           static_cast<__int128>(y.dts) * tracks[x.track].timescale;
  });
  return a;
}

// A ledger in memory: applies operations as the writer would, and keeps every sample.
struct MemoryLedger {
  struct Kept {
    std::uint32_t id;
    std::int64_t start, pts, duration;
    MediaSequence msn;
    bool key;
  };
  LedgerIndex index;
  std::map<std::string, std::vector<Kept>> samples;
  std::vector<Remark> remarks;

  explicit MemoryLedger(const std::vector<media::Track>& tracks, milliseconds segment = milliseconds(2000),
                        milliseconds part = milliseconds(500)) {
    LedgerHeader header = plan_lengths(segment, part, tracks);
    header.stream = StreamId("test");
    header.channel = "-";
    REQUIRE(index.apply(header));
  }

  void take(Operations& operations) {
    for (Operation& operation : operations) {
      if (auto* r = std::get_if<DeclareRendition>(&operation)) REQUIRE(index.apply(r->record));
      if (auto* s = std::get_if<ShedRecord>(&operation)) REQUIRE(index.apply(*s));
      if (auto* remark = std::get_if<Remark>(&operation)) remarks.push_back(*remark);
      if (auto* part = std::get_if<WritePart>(&operation)) take(*part);
    }
    operations.clear();
  }
  void take(WritePart& op) {
    PartRecord record{op.rendition, op.part};
    const Rendition* r = index.find(op.rendition);
    REQUIRE(r);
    if (r->started && r->last.msn == op.part.msn) record.part.offset = r->last.offset + r->last.bytes;
    record.part.bytes = op.samples.size();
    REQUIRE(op.samples.empty() == op.part.flags.gap);
    INFO(format_record(record));
    REQUIRE(index.apply(record));
    std::int64_t at = op.part.start;
    for (std::size_t i = 0; i < op.samples.size(); ++i) {
      ByteReader id(op.packets[i].data);
      samples[op.rendition].push_back(
          {id.be32(), at, at + op.samples[i].cts, op.samples[i].duration, op.part.msn, op.samples[i].key});
      at += op.samples[i].duration;
    }
    REQUIRE(at == (op.samples.empty() ? op.part.start : op.part.end()));
  }

  // Every rule of sluice-ledger(5) that can be seen from the index.
  void check_rules(bool parts_long_enough = true) const {
    const LedgerHeader& header = *index.header();
    for (const Rendition& r : index.renditions()) {
      const double scale = r.record.timescale;
      std::int64_t end = -1;
      for (const Segment& s : r.segments) {
        INFO(r.record.name << " segment " << s.msn);
        CHECK(std::int64_t(static_cast<double>(s.duration()) / scale + 0.5) <= header.target_duration_s);
        for (std::size_t i = 0; i < s.parts.size(); ++i) {
          const Part& p = s.parts[i];
          if (end >= 0 && !p.flags.discontinuity) CHECK(p.start == end);
          CHECK(p.start >= end);
          end = p.end();
          CHECK(static_cast<double>(p.duration) / scale <= header.part_target_us / 1e6);
          const bool followed_by_gap = i + 1 < s.parts.size() && s.parts[i + 1].flags.gap;
          const bool exempt = p.flags.last || p.flags.gap || followed_by_gap || i + 1 == s.parts.size();
          if (parts_long_enough && !exempt)
            CHECK(static_cast<double>(p.duration) / scale >= 0.85 * header.part_target_us / 1e6);
        }
      }
    }
  }
  void check_ids(const std::string& rendition, std::size_t count, std::uint32_t first = 0) const {
    const auto& kept = samples.at(rendition);
    CHECK(kept.size() == count);
    for (std::size_t i = 0; i < kept.size(); ++i)
      if (kept[i].id != first + i) {
        FAIL_CHECK(rendition << " sample " << i << " is frame " << kept[i].id);
        return;
      }
  }
  std::vector<double> segment_seconds(const std::string& rendition) const {
    std::vector<double> lengths;
    for (const Segment& s : index.find(rendition)->segments)
      lengths.push_back(static_cast<double>(s.duration()) / index.find(rendition)->record.timescale);
    return lengths;
  }
};

inline void run(MemoryLedger& ledger, const std::vector<media::Track>& tracks,
                const std::vector<Frame>& frames, bool ended = true, bool discontinuity = false) {
  Operations operations;
  Segmenter segmenter(ledger.index, {tracks, discontinuity, {}}, operations);
  ledger.take(operations);
  for (const Frame& frame : frames) {
    segmenter.push(packet_of(frame), operations);
    ledger.take(operations);
  }
  segmenter.finish(ended, operations);
  ledger.take(operations);
}

inline auto every(std::size_t n) {
  return [n](std::size_t i) { return i % n == 0; };
}

}  // namespace sluice::hls::test
