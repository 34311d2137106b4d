#include <algorithm>

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
using namespace sluice::hls::test;

TEST_CASE("a regular GOP makes regular segments and parts") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  MemoryLedger ledger(tracks);
  run(ledger, tracks, interleave(video_frames(600, {30, 1}, every(60)), audio_frames(937), tracks));
  ledger.check_rules();
  ledger.check_ids("source", 600);
  ledger.check_ids("audio", 937);
  for (const double length : ledger.segment_seconds("source")) CHECK(length == Approx(2.0));
  const Rendition& source = *ledger.index.find("source");
  const Rendition& audio = *ledger.index.find("audio");
  REQUIRE(source.segments.size() == 10);
  REQUIRE(audio.segments.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(source.segments[i].parts.size() == 4);
    CHECK(source.segments[i].parts.front().flags.independent);
    CHECK(source.segments[i].parts.back().flags.last);
    const double video_at = static_cast<double>(source.segments[i].start()) / 90'000;
    const double audio_at = static_cast<double>(audio.segments[i].start()) / 48'000;
    CHECK(audio_at >= video_at);
    CHECK(audio_at < video_at + 0.022);
  }
}

TEST_CASE("every frame rate, GOP and part length keeps the rules and every sample") {
  struct Case {
    media::Rational rate;
    std::size_t gop;
    int part_ms;
  };
  for (const Case& c : {Case{{30'000, 1001}, 60, 500},
                        {{30'000, 1001}, 48, 500},
                        {{60, 1}, 120, 200},
                        {{60'000, 1001}, 33, 500},
                        {{24, 1}, 48, 250},
                        {{25, 1}, 50, 1000},
                        {{15, 1}, 17, 200},
                        {{25, 1}, 250, 500},
                        {{3, 1}, 6, 500},
                        {{5, 1}, 10, 500},
                        {{7, 1}, 14, 200},
                        {{12, 1}, 24, 250},
                        {{15, 1}, 30, 250},
                        {{50, 1}, 1, 500}}) {
    INFO(c.rate.num << "/" << c.rate.den << " gop " << c.gop << " part " << c.part_ms);
    for (const bool b_frames : {false, true}) {
      const std::vector<media::Track> tracks = {video_track(c.rate), audio_track(44'100)};
      const auto sounds = static_cast<std::size_t>(media::rescale(700 * c.rate.den, c.rate.num * 1024, 44'100));
      MemoryLedger ledger(tracks, milliseconds(2000), milliseconds(c.part_ms));
      run(ledger, tracks,
          interleave(video_frames(700, c.rate, every(c.gop), b_frames), audio_frames(sounds), tracks));
      ledger.check_rules();
      ledger.check_ids("source", 700);
      ledger.check_ids("audio", sounds);
      for (const auto& sample : ledger.samples["source"]) {
        const std::int64_t n = sample.id;
        CHECK(sample.start == media::rescale(n * c.rate.den, c.rate.num, 90'000));
      }
    }
  }
}

TEST_CASE("parts of all renditions end together, and no segment ends in a crumb") {
  const auto rate = GENERATE(media::Rational{24, 1}, media::Rational{25, 1}, media::Rational{30000, 1001},
                             media::Rational{30, 1}, media::Rational{50, 1}, media::Rational{60000, 1001},
                             media::Rational{60, 1});
  const auto part = GENERATE(milliseconds(200), milliseconds(250), milliseconds(500), milliseconds(1000));
  const std::uint32_t sample_rate = GENERATE(44'100u, 48'000u);
  const std::vector tracks{video_track(rate), audio_track(sample_rate)};
  const auto gop = static_cast<std::size_t>(2 * rate.num / rate.den + (rate.den == 1 ? 0 : 1));
  MemoryLedger ledger(tracks, milliseconds(2000), part);
  run(ledger, tracks,
      interleave(video_frames(gop * 20, rate, every(gop)), audio_frames(sample_rate * 40 / 1024), tracks));
  ledger.check_rules();
  INFO(rate.num << "/" << rate.den << " fps, parts of " << part.count() << " ms, audio at " << sample_rate);
  const Rendition& video = *ledger.index.find("source");
  const Rendition& audio = *ledger.index.find("audio");
  const auto seconds_of = [](const Rendition& r, std::int64_t ticks) { return static_cast<double>(ticks) / r.record.timescale; };
  for (std::size_t n = 0; n + 1 < video.segments.size(); ++n) {
    const Segment& s = video.segments[n];
    const Segment& a = audio.segments[n];
    REQUIRE(a.parts.size() == s.parts.size());
    for (std::size_t i = 0; i < s.parts.size(); ++i) {
      const double off = seconds_of(audio, a.parts[i].end()) - seconds_of(video, s.parts[i].end());
      CHECK(std::abs(off) <= 1024.0 / sample_rate + 0.001);
    }
    CHECK(seconds_of(audio, a.parts.back().duration) > 0.25 * part.count() / 1000.0);
  }
}

TEST_CASE("irregular keyframes never break TARGETDURATION") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    SeededRandom random(seed);
    std::set<std::size_t> keys = {0};
    for (std::size_t at = 0; at < 900;) keys.insert(at += 1 + random.below(seed % 2 ? 200 : 45));
    const std::vector<media::Track> tracks = {video_track(), audio_track()};
    MemoryLedger ledger(tracks);
    run(ledger, tracks,
        interleave(video_frames(
                       900, {30, 1}, [&](std::size_t i) { return keys.contains(i); }, seed % 3 == 0),
                   audio_frames(1400), tracks));
    ledger.check_rules();
    ledger.check_ids("source", 900);
    ledger.check_ids("audio", 1400);
  }
}

TEST_CASE("GOPs of less than a segment are gathered, of more are cut without a keyframe") {
  const std::vector<media::Track> tracks = {video_track()};
  MemoryLedger short_gops(tracks);
  run(short_gops, tracks, video_frames(300, {30, 1}, every(20)));
  for (const Segment& s : short_gops.index.find("source")->segments) CHECK(s.parts.front().flags.independent);
  CHECK(short_gops.segment_seconds("source").front() == Approx(2.0));
  MemoryLedger long_gops(tracks);
  run(long_gops, tracks, video_frames(500, {30, 1}, every(250)));
  long_gops.check_rules();
  long_gops.check_ids("source", 500);
  CHECK_FALSE(long_gops.index.find("source")->segments[1].parts.front().flags.independent);
  CHECK(std::any_of(long_gops.remarks.begin(), long_gops.remarks.end(),
                    [](const Remark& r) { return r.what == Remark::What::forced_cut; }));
}

TEST_CASE("a variable frame rate keeps samples, targets and presentation times") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    std::vector<Frame> frames;
    std::int64_t at = 0;
    for (std::uint32_t i = 0; i < 600; ++i) {
      frames.push_back({0, at, at, 0, i % 50 == 0, i});
      at += 1000 + static_cast<std::int64_t>(random.below(seed % 4 == 0 ? 90'000 : 12'000));
    }
    const std::vector<media::Track> tracks = {video_track({0, 1})};
    MemoryLedger ledger(tracks);
    run(ledger, tracks, frames);
    INFO("seed " << seed);
    ledger.check_rules(false);
    ledger.check_ids("source", 600);
    for (const auto& sample : ledger.samples["source"]) CHECK(sample.pts == frames[sample.id].pts);
  }
}

TEST_CASE("two video renditions share every boundary, whichever comes first, B-frames or not") {
  for (const bool source_first : {true, false}) {
    std::vector<media::Track> tracks = {video_track(), video_track({30, 1}, "480p30"), audio_track()};
    MemoryLedger ledger(tracks);
    auto source = video_frames(600, {30, 1}, every(60), true);
    auto rung = video_frames(600, {30, 1}, every(60), false, 1,
                             3000);  // encoded: decode time = the source's presentation time
    auto frames = interleave(interleave(source, rung, tracks), audio_frames(900, 2), tracks);
    if (!source_first) std::reverse(tracks.begin(), tracks.begin() + 2);
    if (!source_first)
      for (Frame& f : frames) f.track = f.track == 2 ? 2 : 1 - f.track;
    run(ledger, tracks, frames);
    ledger.check_rules();
    ledger.check_ids("source", 600);
    ledger.check_ids("480p30", 600);
    const auto& a = ledger.index.find("source")->segments;
    const auto& b = ledger.index.find("480p30")->segments;
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      CHECK(a[i].parts.front().flags.independent);
      CHECK(b[i].parts.front().flags.independent);
      CHECK(b[i].start() - a[i].start() == 3000);
    }
  }
}

TEST_CASE("audio alone, video alone, and video that comes late") {
  const std::vector<media::Track> audio_only = {audio_track()};
  MemoryLedger one(audio_only);
  run(one, audio_only, audio_frames(1000, 0));
  one.check_rules();
  one.check_ids("audio", 1000);
  CHECK(one.segment_seconds("audio").front() == Approx(2.0).margin(0.02));

  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  MemoryLedger late(tracks);
  run(late, tracks,
      interleave(video_frames(300, {30, 1}, every(60), false, 0, 8 * 90'000), audio_frames(850), tracks));
  late.check_rules();
  late.check_ids("source", 300);
  late.check_ids("audio", 850);
  CHECK(late.index.find("source")->segments.front().msn > 0);
  CHECK(late.index.find("source")->last.msn == late.index.find("audio")->last.msn);

  MemoryLedger never(tracks);
  run(never, tracks, audio_frames(850));
  never.check_rules();
  never.check_ids("audio", 850);
}

namespace {
std::set<std::uint32_t> ids(const MemoryLedger& ledger, const std::string& rendition) {
  std::set<std::uint32_t> there;
  for (const auto& kept : ledger.samples.at(rendition)) there.insert(kept.id);
  return there;
}

// How many segments are gaps. None has a gap beside other parts: it would be shorter than its EXTINF.
std::size_t check_gaps_are_whole_segments(const MemoryLedger& ledger, const std::string& rendition) {
  std::size_t gaps = 0;
  for (const Segment& segment : ledger.index.find(rendition)->segments) {
    INFO(rendition << " segment " << segment.msn);
    const bool any = std::ranges::any_of(segment.parts, [](const Part& part) { return part.flags.gap; });
    CHECK(any == segment.gap());
    gaps += any;
  }
  return gaps;
}
}  // namespace

TEST_CASE("a rendition that falls silent is stood for by gaps, and comes back") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  auto audio = audio_frames(1500);
  audio.erase(audio.begin() + 200, audio.begin() + 1000);
  MemoryLedger ledger(tracks);
  run(ledger, tracks, interleave(video_frames(960, {30, 1}, every(60)), audio, tracks));
  ledger.check_rules(false);
  ledger.check_ids("source", 960);
  check_gaps_are_whole_segments(ledger, "audio");
  CHECK(ids(ledger, "audio").size() == 700);
  CHECK(ledger.index.find("audio")->last.msn == ledger.index.find("source")->last.msn);
}

TEST_CASE("a gap that ends where a segment does is no longer than a part, wherever the picture stopped") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  for (std::int64_t late = 0; late < 3000; late += 300) {
    auto video = video_frames(120, {30, 1}, every(60));
    const auto after = video_frames(240, {30, 1}, every(60), false, 0, 20 * 90'000 + late);
    for (Frame& frame : video) frame.dts += late, frame.pts += late;
    video.insert(video.end(), after.begin(), after.end());
    MemoryLedger ledger(tracks);
    run(ledger, tracks, interleave(video, audio_frames(1300), tracks));
    ledger.check_rules();
  }
}

namespace {
// A source and a rung of 30 frames a second with a keyframe every 2 s, frame by frame; the rung is shed before frame 200.
struct ShedRung {
  std::vector<media::Track> tracks{video_track(), video_track({30, 1}, "480p30")};
  std::vector<Frame> source = video_frames(900, {30, 1}, every(60));
  std::vector<Frame> rung = video_frames(900, {30, 1}, every(60), false, 1);
  MemoryLedger ledger{tracks};
  Operations operations;
  Segmenter segmenter{ledger.index, {tracks, false, {}}, operations};

  const Rendition& found(const char* name = "480p30") const { return *ledger.index.find(name); }

  // `more(i)` follows the source's frame i and pushes what the rung sends then.
  template <class More>
  void run(std::size_t frames, More more) {
    for (std::size_t i = 0; i < frames; ++i) {
      if (i == 200) segmenter.shed("480p30", operations);
      segmenter.push(packet_of(source[i]), operations);
      if (i < 200) push(i);
      more(i);
      ledger.take(operations);
    }
    segmenter.finish(true, operations);
    ledger.take(operations);
    ledger.check_rules();
  }
  void push(std::size_t i) { segmenter.push(packet_of(rung[i]), operations); }
};
}  // namespace

TEST_CASE("a shed rendition becomes gaps until its next keyframe") {
  ShedRung made;
  made.run(600, [&](std::size_t i) {
    if (i >= 390) made.push(i);
    if (i != 301) return;
    CHECK(made.found().shed);
    CHECK(made.found().last.flags.gap);
    CHECK(made.found().last.msn == made.found("source").last.msn);
  });
  CHECK_FALSE(made.found().shed);
  CHECK(made.ledger.samples["480p30"].size() == 200 + 180);
  CHECK(made.found().last.msn == made.found("source").last.msn);
}

TEST_CASE("a keyframe that comes too late does not bring a shed rendition back") {
  ShedRung made;
  made.run(600, [&](std::size_t i) {
    // A second behind: gaps have passed the keyframe at 360, the next is at 420.
    if (i >= 390 && i < 420) made.push(i - 30);
    if (i == 420) CHECK(made.found().shed);
    if (i >= 420) made.push(i);
  });
  CHECK_FALSE(made.found().shed);
  CHECK(made.ledger.samples["480p30"].size() == 200 + 180);
}

TEST_CASE("a shed rendition that is announced comes back, however far its encoder lags") {
  const std::size_t lag = GENERATE(1u, 14u, 15u, 16u, 45u, 75u);  // frames
  INFO("a lag of " << lag << " frames");
  ShedRung made;
  made.run(900, [&](std::size_t i) {
    if (i == 360) made.segmenter.expect_back("480p30");
    if (i >= 360 + lag) made.push(i - lag);
  });
  CHECK_FALSE(made.found().shed);
  const auto& kept = made.ledger.samples["480p30"];
  REQUIRE(kept.size() > 200);
  CHECK((kept[200].id == 360 || kept[200].id == 420));
  CHECK(kept[200].key);
  CHECK(kept.back().id == 899 - lag);
}

TEST_CASE("a rendition that is shed again before it came back has its gaps at once") {
  ShedRung made;
  made.run(600, [&](std::size_t i) {
    if (i == 360) made.segmenter.expect_back("480p30");
    if (i == 365) made.segmenter.shed("480p30", made.operations);
    if (i == 420) CHECK(made.found("source").end - made.found().end <= 2 * 45'000);
  });
  CHECK(made.found().shed);
}

TEST_CASE("a discontinuity starts the same new segment in every rendition") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  MemoryLedger ledger(tracks);
  run(ledger, tracks, interleave(video_frames(100, {30, 1}, every(60)), audio_frames(130), tracks), false);
  const auto again = interleave(video_frames(100, {30, 1}, every(60), false, 0, 900'000),
                                audio_frames(160, 1, 480'000), tracks);
  run(ledger, tracks, again, true, true);
  ledger.check_rules();
  std::vector<MediaSequence> at;
  for (const Rendition& r : ledger.index.renditions())
    for (const Segment& s : r.segments)
      if (s.discontinuity()) at.push_back(s.msn);
  REQUIRE(at.size() == 2);
  CHECK(at[0] == at[1]);
}

TEST_CASE("sound that outlasts the picture by seconds keeps every sample") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  MemoryLedger ledger(tracks);
  run(ledger, tracks, interleave(video_frames(120, {30, 1}, every(60)), audio_frames(400), tracks));
  ledger.check_rules();
  ledger.check_ids("audio", 400);
  CHECK(ledger.remarks.empty());
}

TEST_CASE("a track that joins later joins at a new segment of all") {
  const std::vector<media::Track> before = {video_track()}, after = {video_track(), audio_track()};
  const std::size_t joined = GENERATE(120, 150, 200);  // at a boundary, and within segments
  CAPTURE(joined);
  const auto from = static_cast<std::int64_t>(joined) * 3000;
  MemoryLedger ledger(after);
  run(ledger, before, video_frames(joined, {30, 1}, every(60)), false);
  const auto more = interleave(video_frames(120, {30, 1}, every(60), false, 0, from),
                               audio_frames(180, 1, from * 48 / 90 - 512), after);
  Operations operations;
  Segmenter segmenter(ledger.index, {after, false, {}, to_us(from, 90'000)}, operations);
  for (const Frame& frame : more) segmenter.push(packet_of(frame), operations);
  segmenter.finish(true, operations);
  ledger.take(operations);
  ledger.check_rules();
  const auto& video = ledger.index.find("source")->segments;
  const auto& audio = ledger.index.find("audio")->segments;
  REQUIRE(audio.front().msn == (joined + 59) / 60);
  for (const Segment& segment : video) {
    INFO("segment " << segment.msn);
    CHECK(segment.parts.front().flags.independent);
    CHECK(!segment.discontinuity());
    CHECK((segment.msn == audio.front().msn) == (segment.start() == from));
  }
  CHECK(to_us(audio.front().start(), 48'000).count() == Approx(static_cast<double>(from) * 100 / 9).margin(11'000));
}

TEST_CASE("a new writer at every packet gives the same samples exactly once") {
  for (const bool b_frames : {false, true}) {
    const std::vector<media::Track> tracks = {video_track(), video_track({30, 1}, "480p30"), audio_track()};
    const auto source = video_frames(270, {30, 1}, every(60), b_frames);
    const auto rung = video_frames(270, {30, 1}, every(60), false, 1, b_frames ? 3000 : 0);
    const auto frames = interleave(interleave(source, rung, tracks), audio_frames(400, 2), tracks);
    MemoryLedger whole(tracks);
    run(whole, tracks, frames);
    for (std::size_t cut = 0; cut < frames.size(); ++cut) {
      MemoryLedger ledger(tracks);
      {
        // Killed: what is held and open is lost.
        Operations operations;
        Segmenter segmenter(ledger.index, {tracks, false, {}}, operations);
        for (std::size_t i = 0; i < cut; ++i) segmenter.push(packet_of(frames[i]), operations);
        ledger.take(operations);
      }
      // Fed again from the keyframe before the earliest end; the encoded rung from its own end, starting with
      // an IDR.
      std::int64_t source_end = ledger.index.find("source")->end, rung_end = ledger.index.find("480p30")->end;
      std::size_t from = 0;
      for (std::size_t i = 0; i < frames.size(); ++i)
        if (frames[i].track == 0 && frames[i].key && frames[i].pts <= std::min(source_end, rung_end))
          from = i;
      std::vector<Frame> again;
      bool first = true;
      for (std::size_t i = from; i < frames.size(); ++i) {
        Frame f = frames[i];
        if (f.track == 1 && f.pts < rung_end) continue;
        if (f.track == 1) f.key = f.key || std::exchange(first, false);
        again.push_back(f);
      }
      // Audio that lies before the keyframe in the pipe but after the ledger's end is retained, too.
      for (std::size_t i = from; i-- > 0;)
        if (frames[i].track == 2) again.insert(again.begin(), frames[i]);
      run(ledger, tracks, again);
      INFO("cut at " << cut << " b-frames " << b_frames);
      ledger.check_rules();
      for (const char* r : {"source", "480p30", "audio"})
        ledger.check_ids(r, r == std::string("audio") ? 400 : 270);
      const auto& a = whole.index.find("source")->segments;
      const auto& b = ledger.index.find("source")->segments;
      const auto& c = ledger.index.find("480p30")->segments;
      REQUIRE(a.size() == b.size());
      for (std::size_t i = 0; i < a.size(); ++i) {
        CHECK(a[i].start() == b[i].start());
        CHECK(c[i].start() - b[i].start() == (b_frames ? 3000 : 0));
      }
    }
  }
}

TEST_CASE("decode times that stand still, step back or are negative lose no frame") {
  const std::vector<media::Track> tracks = {video_track()};
  auto frames = video_frames(200, {30, 1}, every(60), false, 0, -6000);
  frames[50].dts = frames[49].dts;
  frames[90].dts -= 4000;
  MemoryLedger ledger(tracks);
  run(ledger, tracks, frames);
  ledger.check_rules();
  ledger.check_ids("source", 200);
  for (const auto& sample : ledger.samples["source"]) CHECK(sample.start >= 0);
}

TEST_CASE("a jump of hours is one discontinuity, and not hours of gap parts") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  auto frames = interleave(video_frames(300, {30, 1}, every(60)), audio_frames(469), tracks);
  const std::int64_t jump = 36'000;
  const auto later = interleave(video_frames(300, {30, 1}, every(60), false, 0, jump * 90'000),
                                audio_frames(469, 1, jump * 48'000), tracks);
  frames.insert(frames.end(), later.begin(), later.end());
  MemoryLedger ledger(tracks);
  run(ledger, tracks, frames);
  ledger.check_rules();
  std::vector<MediaSequence> at;
  for (const Rendition& r : ledger.index.renditions()) {
    CHECK(r.segments.size() <= 11);
    for (const Segment& s : r.segments)
      if (s.discontinuity()) at.push_back(s.msn);
  }
  REQUIRE(at.size() == 2);
  CHECK(at[0] == at[1]);
  CHECK(ledger.samples["source"].size() == 600);
  CHECK(ledger.samples["audio"].size() >= 936);
}

TEST_CASE("no packet before what is due finishes a part, in streams that keep their rhythm") {
  struct Case {
    media::Rational rate;
    std::size_t gop;
    int part_ms;
    bool video;
  };
  for (const Case& c : {Case{{30, 1}, 60, 500, true}, Case{{30'000, 1001}, 48, 500, true}, Case{{60, 1}, 120, 200, true},
                        Case{{25, 1}, 40, 500, true}, Case{{25, 1}, 250, 1000, true}, Case{{30, 1}, 60, 500, false}})
    for (const bool b_frames : {false, true}) {
      INFO(c.rate.num << "/" << c.rate.den << " gop " << c.gop << " part " << c.part_ms << " video " << c.video << " b " << b_frames);
      std::vector<media::Track> tracks = {audio_track()};
      std::vector<Frame> frames = audio_frames(900, 0);
      if (c.video) {
        tracks = {video_track(c.rate), audio_track()};
        frames = interleave(video_frames(600, c.rate, every(c.gop), b_frames), audio_frames(900), tracks);
      }
      MemoryLedger ledger(tracks, milliseconds(2000), milliseconds(c.part_ms));
      Operations operations;
      Segmenter segmenter(ledger.index, {tracks, false, {}}, operations);
      std::size_t early = 0, parts = 0;
      microseconds rested{0};
      for (const Frame& frame : frames) {
        const microseconds due = segmenter.due(), at = to_us(frame.dts, tracks[frame.track].timescale);
        if (due > at) rested = std::max(rested, due - at);
        const std::size_t before = operations.size();
        segmenter.push(packet_of(frame), operations);
        const auto finished = std::count_if(operations.begin() + static_cast<std::ptrdiff_t>(before), operations.end(),
                                            [](const Operation& o) { return std::holds_alternative<WritePart>(o); });
        parts += static_cast<std::size_t>(finished);
        early += finished > 0 && at < due;
      }
      CHECK(parts > 10);
      CHECK(early == 0);
      CHECK(rested > milliseconds(c.part_ms) / 2);
    }
}

TEST_CASE("a lost packet of sound, wherever it stood, leaves no gap in a segment of that track") {
  auto second = audio_track();
  second.rendition = "audio2";
  const std::vector<media::Track> tracks{video_track(), audio_track(), second};
  const std::size_t lost = 40;  // 0.85 s
  for (const std::size_t from : {100, 170, 187, 200}) {  // the segment after the second begins at 187.5
    INFO("lost from " << from);
    auto holed = audio_frames(470, 2);
    holed.erase(holed.begin() + static_cast<std::ptrdiff_t>(from), holed.begin() + static_cast<std::ptrdiff_t>(from + lost));
    MemoryLedger ledger(tracks);
    run(ledger, tracks, interleave(interleave(video_frames(300, {30, 1}, every(60)), audio_frames(470), tracks), holed, tracks));
    ledger.check_rules(false);
    ledger.check_ids("audio", 470);
    for (const Segment& segment : ledger.index.find("audio2")->segments)
      for (const Part& part : segment.parts) CHECK_FALSE(part.flags.gap);
    CHECK(ledger.index.find("audio2")->segments.size() == ledger.index.find("audio")->segments.size());
    CHECK(std::ranges::any_of(ledger.remarks, [](const Remark& r) { return r.what == Remark::What::bridged; }));
    // Every frame that came is there, and nothing but the one before the hole more than once.
    std::set<std::uint32_t> there;
    for (const auto& kept : ledger.samples.at("audio2")) {
      CHECK((kept.id == from - 1 || !there.contains(kept.id)));
      there.insert(kept.id);
    }
    CHECK(there.size() == 470 - lost);
  }
}

TEST_CASE("sound that is away for long leaves segments of gaps alone, and none that is a gap in part") {
  auto second = audio_track();
  second.rendition = "audio2";
  const std::vector<media::Track> tracks{video_track(), audio_track(), second};
  for (const std::size_t lost : {60, 120, 250, 600})  // 1.3 to 12.8 s
    for (const std::size_t from : {100, 170, 187, 200}) {
      INFO(lost << " lost from " << from);
      auto holed = audio_frames(1400, 2);
      holed.erase(holed.begin() + static_cast<std::ptrdiff_t>(from), holed.begin() + static_cast<std::ptrdiff_t>(from + lost));
      MemoryLedger ledger(tracks);
      run(ledger, tracks, interleave(interleave(video_frames(900, {30, 1}, every(60)), audio_frames(1400), tracks), holed, tracks));
      ledger.check_rules(false);
      const double whole = static_cast<double>(lost) * 1024 / 48'000 / 2;  // segments that fit into it, less one at either end
      const auto gaps = static_cast<double>(check_gaps_are_whole_segments(ledger, "audio2"));
      CHECK(gaps >= whole - 2);
      CHECK(gaps <= whole + 1);
      CHECK(ledger.index.find("audio2")->segments.size() == ledger.index.find("audio")->segments.size());
      CHECK(ids(ledger, "audio2").size() == 1400 - lost);
    }
}
