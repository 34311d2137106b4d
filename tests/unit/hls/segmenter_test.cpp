// Where segments and parts end, for every rhythm a stream may have.
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

TEST_CASE("sound that outlasts the picture by seconds keeps every sample") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  MemoryLedger ledger(tracks);
  run(ledger, tracks, interleave(video_frames(120, {30, 1}, every(60)), audio_frames(400), tracks));
  ledger.check_rules();
  ledger.check_ids("audio", 400);
  CHECK(ledger.remarks.empty());
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

TEST_CASE("a keyframe that is shown in a distant future makes no other track's segment too long") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  for (const std::int64_t late : {4, 20, 3600}) {  // seconds
    INFO(late << " s");
    auto video = video_frames(600, {30, 1}, every(60));
    video[late == 20 ? 0 : 120].pts += late * 90'000;
    MemoryLedger ledger(tracks);
    run(ledger, tracks, interleave(video, audio_frames(937), tracks));
    ledger.check_rules(false);
    ledger.check_ids("source", 600);
    ledger.check_ids("audio", 937);
    for (const Segment& segment : ledger.index.find("source")->segments)  // keyframes are boundaries again soon
      if (segment.start() > 9 * 90'000) CHECK(segment.parts.front().flags.independent);
    auto holed = audio_frames(937);
    holed.erase(holed.begin() + 200, holed.begin() + 500);
    MemoryLedger with_hole(tracks);
    run(with_hole, tracks, interleave(video, holed, tracks));
    with_hole.check_rules(false);
  }
}
