#pragma once
// Streams of many hours in seconds: an encoder whose clocks wrap and leap, the real path of its bytes by RTMP or MPEG-TS into the
// ledger's records, and what must hold of every single frame on the way. Nothing here sleeps or asks a clock.
#include <malloc.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "hls/playlist_writer.hpp"
#include "hls/segment_rules.hpp"
#include "hls/segmenter.hpp"
#include "hls/view.hpp"
#include "ingest/flv_intake.hpp"
#include "ingest/ts_intake.hpp"
#include "media/byte_stream.hpp"
#include "media/intake.hpp"
#include "media/retention.hpp"
#include "nut/reader.hpp"
#include "nut/writer.hpp"
#include "rtmp/chunk_reader.hpp"
#include "rtmp/chunk_writer.hpp"
#include "unit/hex.hpp"
#include "unit/mpegts/ts_writer.hpp"

namespace sluice::ingest::test {

using media::Kind;
using sluice::test::from_hex;
constexpr std::int64_t hour_us = 3'600'000'000;

// 640x360 at 30000/1001 frames a second by its SPS, and AAC-LC at 44.1 kHz: no frame of either is a whole number of milliseconds.
constexpr std::int64_t frame_ticks = 3'003, sound_samples = 1'024, sound_rate = 44'100;
inline const Bytes& sps() {
  static const Bytes bytes = from_hex("6764001eacd940a02ff9701100000303e90000ea600f162d96");
  return bytes;
}
inline const Bytes& pps() {
  static const Bytes bytes = from_hex("68ebe3cb22c0");
  return bytes;
}

// Which frame it is stands in its last four bytes, none of them zero.
inline void put_id(Bytes& out, std::uint32_t id) {
  for (int shift = 21; shift >= 0; shift -= 7) out.push_back(static_cast<std::byte>(0x80 | (id >> shift & 0x7f)));
}
inline std::uint32_t id_of(ByteView data) {
  std::uint32_t id = 0;
  for (const std::byte b : data.last(4)) id = id << 7 | (static_cast<std::uint32_t>(b) & 0x7f);
  return id;
}

// When frames are decoded and shown, in 1/90000 s since the stream began. Decode order of a GOP with B-frames: I, then P B B.
struct Shape {
  bool b_frames = false;
  std::int64_t gop = 60;  // frames
  bool key(std::int64_t n) const { return n % gop == 0; }
  std::int64_t dts(std::int64_t n) const { return n * frame_ticks; }
  std::int64_t pts(std::int64_t n) const {
    if (!b_frames) return dts(n);
    if (key(n)) return dts(n + 1);
    return dts(n % gop % 3 == 1 ? n + 3 : n);
  }
};

// A publisher's clock is set anew at some moment: by so much, for one of its tracks or both.
struct Leap {
  std::int64_t at_us;
  bool video, audio;
  std::int64_t by_us;
};

struct Encoder {
  Shape shape;
  std::uint64_t first = 0;     // its clock at the stream's first decode time, in the protocol's ticks
  double speed = 1;            // of its clock beside real time
  std::vector<Leap> leaps{};   // by time
};

// The ledger, as its writer and its readers have it, over a window of a few minutes; and what every part and frame must be.
class Ledger {
 public:
  static constexpr std::int64_t window_segments = 60;
  Ledger(const std::vector<media::Track>& tracks, std::int64_t epoch_ms, Shape shape) : shape_(shape) {
    hls::LedgerHeader header = hls::plan_lengths(seconds(2), milliseconds(500), tracks);
    header.stream = StreamId("test");
    header.channel = "-";
    header.epoch_ms = epoch_ms;
    record(header);
  }

  void take(hls::Operations& operations) {
    for (hls::Operation& operation : operations) {
      if (auto* declared = std::get_if<hls::DeclareRendition>(&operation)) record(declared->record);
      if (auto* shed = std::get_if<hls::ShedRecord>(&operation)) record(*shed);
      if (auto* remark = std::get_if<hls::Remark>(&operation))
        ++remarks[std::string(hls::describe(remark->what)) + " (" + remark->rendition + ")"];
      if (auto* part = std::get_if<hls::WritePart>(&operation)) take(*part);
    }
    operations.clear();
  }

  hls::LedgerIndex index;
  hls::StreamView view;
  std::map<std::string, unsigned> remarks;
  unsigned breaks = 0, gaps = 0, long_segments = 0, long_parts = 0, short_parts = 0, unordered = 0;
  std::map<std::string, std::uint32_t> next;             // the frame that is to come
  unsigned lost = 0, repeated = 0;
  std::int64_t worst_video_us = 0, worst_audio_us = 0;   // from where a frame should be

 private:
  void record(const hls::Record& record) {
    if (!index.apply(record)) FAIL("the ledger does not believe " << hls::format_record(record));
    view.apply(record, 30);
  }

  void take(hls::WritePart& op) {
    const hls::LedgerHeader& header = *index.header();
    const hls::Rendition& rendition = *index.find(op.rendition);
    hls::PartRecord line{op.rendition, op.part};
    const bool same = rendition.started && rendition.last.msn == op.part.msn;
    if (same) line.part.offset = rendition.last.offset + rendition.last.bytes;
    line.part.bytes = op.samples.size();
    breaks += op.part.flags.discontinuity;
    gaps += op.part.flags.gap;
    const double scale = rendition.record.timescale;
    unordered += rendition.started && op.part.start != rendition.end;
    long_parts += static_cast<double>(op.part.duration) / scale * 1e6 > header.part_target_us + 1;
    short_parts += !op.part.flags.last && static_cast<double>(op.part.duration) / scale * 1e6 < 0.85 * header.part_target_us;
    record(line);
    std::int64_t at = op.part.start;
    for (std::size_t i = 0; i < op.samples.size(); ++i) {
      look_at(op, op.samples[i], id_of(op.packets[i].data), at);
      at += op.samples[i].duration;
    }
    if (op.part.flags.last) {
      const hls::Segment& segment = rendition.segments.back();
      long_segments += static_cast<std::uint32_t>(static_cast<double>(segment.duration()) / scale + 0.5) > header.target_duration_s;
      if (op.part.msn > index.removed_before() + window_segments) record(hls::RemovedRecord{op.part.msn - window_segments});
    }
  }

  void look_at(const hls::WritePart& op, const hls::Sample& sample, std::uint32_t id, std::int64_t start) {
    std::uint32_t& expected = next[op.rendition];
    if (id > expected) lost += id - expected;
    repeated += id < expected;
    expected = id + 1;
    if (op.kind == Kind::video) {
      const std::int64_t off = std::max(std::abs(start - shape_.dts(id)), std::abs(start + sample.cts - shape_.pts(id)));
      worst_video_us = std::max(worst_video_us, off * 100 / 9);
    } else {
      worst_audio_us = std::max(worst_audio_us, std::abs(start - std::int64_t{id} * sound_samples) * 1'000'000 / sound_rate);
    }
  }

  Shape shape_;
};

// What ingestd's Stream and segmenter do with accepted packets, their pipe between them.
class Pipeline {
 public:
  Pipeline(media::Retention& retention, Shape shape) : retention_(retention), shape_(shape) {}

  void pump(std::int64_t epoch_ms) {
    while (const media::Retained* kept = retention_.peek()) {
      if (kept->run != run_) begin(kept->run, epoch_ms);
      bytes_.clear();
      if (!writer_->frame(bytes_, kept->packet)) FAIL("the pipe does not take a packet");
      append(bytes_, kept->packet.data);
      reader_.input().push(bytes_);
      for (auto event = reader_.next(); event && *event; event = reader_.next())
        if (auto* packet = std::get_if<media::Packet>(&**event)) segmenter_->push(std::move(*packet), operations_);
      most_kept = std::max(most_kept, retention_.packets());
      retention_.advance();
    }
    if (!ledger || operations_.empty()) return;
    ledger->take(operations_);
    std::int64_t least = INT64_MAX;
    for (const hls::Rendition& rendition : ledger->index.renditions()) least = std::min(least, rendition.source_end.count());
    retention_.passed(least);
  }
  void finish() {
    segmenter_->finish(true, operations_);
    ledger->take(operations_);
  }

  std::unique_ptr<Ledger> ledger;
  unsigned runs = 0;
  std::size_t most_kept = 0;

 private:
  void begin(std::shared_ptr<const media::Run> run, std::int64_t epoch_ms) {
    run_ = std::move(run);
    if (++runs > 1) FAIL("the tracks have changed");
    ledger = std::make_unique<Ledger>(run_->tracks, epoch_ms, shape_);
    segmenter_ = std::make_unique<hls::Segmenter>(ledger->index, hls::SegmenterStart{run_->tracks}, operations_);
    writer_ = std::make_unique<nut::Writer>(run_->tracks, nut::Info{{"sluice_epoch_ms", std::to_string(epoch_ms)}});
    bytes_.clear();
    writer_->header(bytes_);
    reader_.input().push(bytes_);
    REQUIRE(reader_.header());
  }

  media::Retention& retention_;
  Shape shape_;
  std::shared_ptr<const media::Run> run_;
  std::unique_ptr<hls::Segmenter> segmenter_;
  std::unique_ptr<nut::Writer> writer_;
  nut::Reader reader_;
  hls::Operations operations_;
  Bytes bytes_;
};

// The ways in. `raw` is the encoder's decode clock, before it is cut to the bits that travel.
class Rtmp {
 public:
  static constexpr media::PublisherClock clock = media::rtmp_clock;
  explicit Rtmp(unsigned bits = 32) : mask_((std::uint64_t{1} << bits) - 1) {}

  void begin(media::Intake& intake) {
    flv_.emplace(intake);
    Bytes config = media::decoder_configuration(media::Codec::h264, {sps(), pps()});
    Bytes message;
    rtmp::flv::write_legacy_video(message, rtmp::flv::PacketType::sequence_start, true, 0);
    send(rtmp::MessageType::video, 0, append_to(message, config), {});
    message.clear();
    rtmp::flv::write_legacy_audio(message, rtmp::flv::PacketType::sequence_start);
    send(rtmp::MessageType::audio, 0, append_to(message, from_hex("1210")), {});
  }
  void video(std::uint32_t id, std::uint64_t dts, std::int64_t composition, bool key, Steady now) {
    Bytes message;
    rtmp::flv::write_legacy_video(message, rtmp::flv::PacketType::frames, key, static_cast<std::int32_t>(composition));
    ByteWriter(message).be32(5).u8(key ? 0x65 : 0x41);
    put_id(message, id);
    send(rtmp::MessageType::video, dts, message, now);
  }
  void audio(std::uint32_t id, std::uint64_t dts, Steady now) {
    Bytes message;
    rtmp::flv::write_legacy_audio(message, rtmp::flv::PacketType::frames);
    put_id(message, id);
    send(rtmp::MessageType::audio, dts, message, now);
  }
  void finish(Steady) {}

 private:
  static Bytes& append_to(Bytes& message, const Bytes& more) {
    append(message, more);
    return message;
  }
  void send(rtmp::MessageType type, std::uint64_t raw, ByteView payload, Steady now) {
    const bool is_video = type == rtmp::MessageType::video;
    sent_.clear();
    writer_.write(sent_, type, is_video ? 6 : 4, 1, static_cast<std::uint32_t>(raw & mask_), payload);
    ByteView rest = sent_;
    for (;;) {
      auto message = reader_.next(rest);
      if (!message) FAIL(message.error().what);
      if (!*message) break;
      const rtmp::MediaMessage media{.kind = (*message)->type == rtmp::MessageType::video ? Kind::video : Kind::audio,
                                     .timestamp = (*message)->timestamp,
                                     .payload = std::move((*message)->payload)};
      if (!flv_->media(media, now)) FAIL("a message was not taken");
    }
  }

  std::uint64_t mask_;
  rtmp::ChunkWriter writer_;
  rtmp::ChunkReader reader_;
  std::optional<FlvIntake> flv_;
  Bytes sent_;
};

class Ts {
 public:
  static constexpr media::PublisherClock clock = media::mpegts_clock;
  static constexpr unsigned sounds_in_packet = 4;

  void begin(media::Intake& intake) {
    intake_.emplace(intake, 1 << 20);
    writer_.program({{mpegts::test::TsWriter::video, 0x1b}, {mpegts::test::TsWriter::audio, 0x0f}});
  }
  void video(std::uint32_t id, std::uint64_t dts, std::int64_t composition, bool key, Steady now) {
    Bytes unit = from_hex("0000000109f0");
    if (key) {
      ByteWriter(unit).be32(1).bytes(sps()).be32(1).bytes(pps());
      writer_.program({{mpegts::test::TsWriter::video, 0x1b}, {mpegts::test::TsWriter::audio, 0x0f}});
    }
    ByteWriter(unit).be32(1).u8(key ? 0x65 : 0x41);
    put_id(unit, id);
    writer_.pes(mpegts::test::TsWriter::video, unit, (dts + static_cast<std::uint64_t>(composition)) & mask, dts & mask, key);
    send(now);
  }
  // Some frames travel together, with the time of the first.
  void audio(std::uint32_t id, std::uint64_t dts, Steady now) {
    if (sounds_ == 0) sounds_dts_ = dts;
    constexpr std::uint64_t size = 7 + 4, rate_index = 4;
    const std::uint64_t header = 0xfffULL << 44 | 1ULL << 40 | 1ULL << 38 | rate_index << 34 | 2ULL << 30 | size << 13 | 0x7ffULL << 2;
    ByteWriter(held_).be24(header >> 32).be32(header);
    put_id(held_, id);
    if (++sounds_ < sounds_in_packet) return;
    send_sounds(now);
  }
  void finish(Steady now) {
    if (sounds_ > 0) send_sounds(now);
    intake_->finish(now);
  }

 private:
  static constexpr std::uint64_t mask = (std::uint64_t{1} << 33) - 1;
  void send_sounds(Steady now) {
    writer_.pes(mpegts::test::TsWriter::audio, held_, sounds_dts_ & mask, sounds_dts_ & mask, true, true);
    held_.clear();
    sounds_ = 0;
    send(now);
  }
  void send(Steady now) {
    intake_->receive(writer_.out, now);
    writer_.out.clear();
  }

  mpegts::test::TsWriter writer_;
  std::optional<TsIntake> intake_;
  Bytes held_;
  unsigned sounds_ = 0;
  std::uint64_t sounds_dts_ = 0;
};

// An encoder's stream of `length_us`, from its first byte to the ledger's end.
template <class Way>
class LongStream {
 public:
  LongStream(Encoder encoder, Way way) : encoder_(std::move(encoder)), way_(std::move(way)), pipeline_(retention_, encoder_.shape) {
    intake_.begin(0, false, Way::clock);
    way_.begin(intake_);
  }

  void run(std::int64_t length_us) {
    const Shape& shape = encoder_.shape;
    const std::int64_t frames = length_us * 9 / 100 / frame_ticks;
    epoch_ms_ = clock_.wall().time_since_epoch().count();
    for (std::int64_t n = 0; n < frames; ++n) {
      const std::int64_t due_us = shape.dts(n) * 100 / 9;
      for (; sound_us(sound_) < due_us; ++sound_) offer_sound();
      wait_until(due_us);
      const std::int64_t at = ticks(due_us, true, shape.dts(n)), shown = ticks(due_us, true, shape.pts(n));
      way_.video(static_cast<std::uint32_t>(n), encoder_.first + static_cast<std::uint64_t>(at), shown - at, shape.key(n), clock_.steady());
      pipeline_.pump(epoch_ms_);
      if (due_us > 4 * hour_us && !settled_bytes_) settled_bytes_ = ::mallinfo2().uordblks;
    }
    const std::size_t bytes = ::mallinfo2().uordblks;
    grown_bytes = static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(settled_bytes_.value_or(bytes));
    frames_sent = frames;
    way_.finish(clock_.steady());
    pipeline_.pump(epoch_ms_);
    pipeline_.finish();
  }

  // What holds of every stream whose clocks' leaps are all closed up: nothing lost, everything in its place.
  void check() {
    Ledger& ledger = *pipeline_.ledger;
    for (const auto& [what, times] : ledger.remarks) FAIL_CHECK(what << ", " << times << " times");
    CHECK(pipeline_.runs == 1);
    CHECK(ledger.breaks == 0);
    CHECK(ledger.gaps == 0);
    CHECK(ledger.unordered == 0);
    CHECK(ledger.lost == 0);
    CHECK(ledger.repeated == 0);
    CHECK(ledger.next["source"] == frames_sent);
    CHECK(ledger.next["audio"] == sound_);
    CHECK(ledger.long_segments == 0);
    CHECK(ledger.long_parts == 0);
    CHECK(ledger.short_parts == 0);
    CHECK(ledger.worst_video_us <= frame_ticks * 100 / 9 / 2);                   // so sound and picture are never…
    CHECK(ledger.worst_audio_us <= sound_samples * 1'000'000 / sound_rate / 2);  // …farther apart than a frame
    CHECK(intake_.counts().unusable == 0);
    check_memory();
    check_dates();
  }
  void check_memory() {
    CHECK(pipeline_.most_kept < 300);  // a segment and what waits for it
    for (const hls::Rendition& rendition : pipeline_.ledger->index.renditions()) CHECK(rendition.segments.size() <= Ledger::window_segments + 2);
    CHECK(grown_bytes < 64 << 10);
  }
  // The last date in the playlist is when its frame was shown by the publisher's clock.
  void check_dates() {
    const hls::StreamView& view = pipeline_.ledger->view;
    for (const hls::RenditionView& rendition : view.renditions) {
      const hls::SegmentView& last = rendition.segments.back();
      const std::int64_t shown_ms = media::rescale(last.shown(), rendition.timescale, 1000);
      const std::string line = "#EXT-X-PROGRAM-DATE-TIME:" + format_rfc3339(Wall(milliseconds(epoch_ms_ + shown_ms)));
      CHECK(hls::live_playlist(view, rendition, {}).find(line) != std::string::npos);
      if (encoder_.speed != 1) continue;
      // The stream has just ended: its last segment began at most its length before now.
      const std::int64_t end_ms = epoch_ms_ + media::rescale(last.end(), rendition.timescale, 1000);
      CHECK(std::abs(end_ms - clock_.wall().time_since_epoch().count()) <= 100);
    }
  }

  Ledger& ledger() { return *pipeline_.ledger; }
  std::uint64_t repairs() const { return intake_.counts().repairs; }
  std::int64_t frames_sent = 0, grown_bytes = 0;

 private:
  static std::int64_t sound_us(std::int64_t m) { return m * sound_samples * 1'000'000 / sound_rate; }
  void offer_sound() {
    const std::int64_t due_us = sound_us(sound_);
    wait_until(due_us);
    const std::int64_t at = ticks(due_us, false, sound_ * sound_samples * 90'000 / sound_rate);
    way_.audio(static_cast<std::uint32_t>(sound_), encoder_.first + static_cast<std::uint64_t>(at), clock_.steady());
    pipeline_.pump(epoch_ms_);
  }
  // Real time goes on to where the encoder's clock is.
  void wait_until(std::int64_t stream_us) {
    const auto real_us = static_cast<std::int64_t>(static_cast<double>(stream_us) / encoder_.speed);
    if (real_us <= passed_us_) return;
    clock_.advance(microseconds(real_us - passed_us_));
    passed_us_ = real_us;
  }
  // On the publisher's clock, as encoders do: rounded down to its ticks.
  std::int64_t ticks(std::int64_t due_us, bool video, std::int64_t at90k) const {
    std::int64_t leapt_us = 0;
    for (const Leap& leap : encoder_.leaps)
      if (due_us >= leap.at_us && (video ? leap.video : leap.audio)) leapt_us += leap.by_us;
    return (at90k + leapt_us * 9 / 100) / (90'000 / Way::clock.rate);
  }

  Encoder encoder_;
  Way way_;
  FakeClock clock_;
  media::Retention retention_;
  media::Intake intake_{retention_};
  Pipeline pipeline_;
  std::int64_t sound_ = 0, passed_us_ = 0, epoch_ms_ = 0;
  std::optional<std::size_t> settled_bytes_;
};

}  // namespace sluice::ingest::test
