// A ledger that goes on: by a new writer, with other tracks, after a leap of its clock.
#include <algorithm>

#include <catch2/catch.hpp>

#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
using namespace sluice::hls::test;

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

TEST_CASE("a rung that had written nothing when its pipeline died is cut where the source was from the first segment on") {
  const std::vector tracks{video_track(), video_track({30, 1}, "360p30")};
  const auto source = video_frames(250, {30, 1}, every(60)), rung = video_frames(330, {30, 1}, every(60), false, 1);
  MemoryLedger ledger(tracks);
  run(ledger, tracks, source, false);
  REQUIRE(ledger.index.find("source")->segments.size() == 5);
  REQUIRE_FALSE(ledger.index.find("360p30")->started);
  run(ledger, tracks, interleave(video_frames(330, {30, 1}, every(60)), rung, tracks));
  ledger.check_rules(false);  // the first writer's last part is short
  ledger.check_ids("source", 330);
  ledger.check_ids("360p30", 330);
  CHECK(ledger.segment_seconds("360p30") == ledger.segment_seconds("source"));
  CHECK(ledger.index.find("360p30")->segments.front().msn == 0);
}

TEST_CASE("a rendition that had nothing yet of what follows a break when its pipeline died begins it as the others did") {
  const std::vector tracks{video_track(), video_track({30, 1}, "360p30"), audio_track()};
  const bool b_frames = GENERATE(false, true);  // in the rung that comes late, too
  const auto pictures = [&](std::size_t count, std::size_t track, std::int64_t from) { return video_frames(count, {30, 1}, every(60), b_frames, track, from); };
  for (const std::int64_t later : {4500, 9000, 45'000, 150'000})  // ticks of 1/90000 s, before the publisher was back
    for (const bool heard : {false, true}) {
      INFO(later << " ticks of nothing, sound came before the pipeline died: " << heard << ", B-frames: " << b_frames);
      MemoryLedger ledger(tracks);
      run(ledger, tracks, interleave(interleave(pictures(91, 0, 0), pictures(91, 1, 0), tracks), audio_frames(142, 2), tracks), false);
      const std::int64_t at = 273'000 + later;
      const auto sound = audio_frames(280, 2, at * 48 / 90);
      {
        Operations operations;
        Segmenter segmenter(ledger.index, {tracks, true, {}}, operations);
        for (const Frame& frame : interleave(pictures(100, 0, at), heard ? sound : std::vector<Frame>{}, tracks)) segmenter.push(packet_of(frame), operations);
        ledger.take(operations);
      }
      run(ledger, tracks, interleave(interleave(pictures(180, 0, at), pictures(180, 1, at), tracks), sound, tracks));
      ledger.check_rules(false);  // the first writer's last part is short
      for (const Rendition& r : ledger.index.renditions()) {
        CAPTURE(r.record.name);
        REQUIRE(r.segments.size() == 5);
        CHECK(std::ranges::all_of(r.segments, [](const Segment& s) { return s.discontinuity() == (s.msn == 2) && std::ranges::none_of(s.parts, [](const Part& p) { return p.flags.gap; }); }));
        CHECK(to_us(r.segments[2].start(), r.record.timescale).count() == Approx(to_us(at, 90'000).count()).margin(1'000));
      }
      for (const char* rung : {"source", "360p30"}) CHECK(ledger.samples.at(rung).size() == 91 + 180);
      CHECK(std::ranges::none_of(ledger.remarks, [](const Remark& r) { return r.what == Remark::What::hole || r.what == Remark::What::bridged; }));
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

TEST_CASE("a run's first picture is kept, however short it leaves the one before") {
  const std::vector<media::Track> tracks = {video_track(), video_track({30, 1}, "480p30")};
  for (const std::int64_t early : {0, 200, 400, 1200, 2700}) {  // ticks of 3000
    INFO(early << " ticks");
    MemoryLedger ledger(tracks);
    run(ledger, tracks, interleave(video_frames(100, {30, 1}, every(60)), video_frames(100, {30, 1}, every(60), false, 1), tracks), false);
    const std::int64_t from = 100 * 3000 - early;
    auto more = interleave(video_frames(120, {30, 1}, every(60), false, 0, from), video_frames(120, {30, 1}, every(60), false, 1, from), tracks);
    for (Frame& frame : more) frame.id += 100;
    Operations operations;
    Segmenter segmenter(ledger.index, {tracks, false, {}, to_us(from, 90'000)}, operations);
    for (const Frame& frame : more) segmenter.push(packet_of(frame), operations);
    segmenter.finish(true, operations);
    ledger.take(operations);
    ledger.check_rules();
    ledger.check_ids("source", 220);
    ledger.check_ids("480p30", 220);
    CHECK(ledger.index.find("source")->segments[2].parts.front().flags.independent);
  }
}

TEST_CASE("another size of picture is a discontinuity where no header tells of it, too") {
  std::vector<media::Track> tracks = {video_track(), audio_track()};
  const auto from = [&](std::int64_t s) { return interleave(video_frames(100, {30, 1}, every(60), false, 0, s * 90'000), audio_frames(156, 1, s * 48'000), tracks); };
  MemoryLedger ledger(tracks);
  LedgerHeader header = *ledger.index.header();
  header.format = Format::ts;
  ledger.index = LedgerIndex();
  REQUIRE(ledger.index.apply(header));
  run(ledger, tracks, from(0), false);
  run(ledger, tracks, from(4), false);  // the same again is none
  tracks[0].height = 480, tracks[0].width = 854;
  run(ledger, tracks, from(8));
  for (const Rendition& r : ledger.index.renditions()) {
    INFO(r.record.name);
    const auto breaks = std::ranges::count_if(r.segments, &Segment::discontinuity);
    CHECK(breaks == 1);
    CHECK(std::ranges::find_if(r.segments, &Segment::discontinuity)->start() >= 8 * r.record.timescale - 1);
  }
}

TEST_CASE("keyframes on a grid that a run begins beside start every segment, and none is cut by force") {
  const std::vector<media::Track> tracks = {video_track(), video_track({30, 1}, "480p30"), audio_track()};
  for (const bool discontinuity : {false, true})
    for (int begin = 300; begin < 360; ++begin) {
      INFO("another pipeline from frame " << begin << " on" << (discontinuity ? ", after a break" : ""));
      const auto on_grid = [&](std::size_t n) { return (begin + n) % 60 == 0 || n == 0; };
      const auto rung = [&](std::size_t track) { return video_frames(500, {30, 1}, on_grid, false, track, begin * 3000); };
      MemoryLedger ledger(tracks);
      const auto before = interleave(interleave(video_frames(static_cast<std::size_t>(begin), {30, 1}, every(60)), video_frames(static_cast<std::size_t>(begin), {30, 1}, every(60), false, 1), tracks),
                                     audio_frames(static_cast<std::size_t>(begin * 1600 / 1024), 2), tracks);
      run(ledger, tracks, before, false);
      const auto after = interleave(interleave(rung(0), rung(1), tracks), audio_frames(800, 2, begin * 1600 / 1024 * 1024), tracks);
      Operations operations;
      SegmenterStart start{.tracks = tracks, .discontinuity = discontinuity, .key_grid = seconds(2)};
      if (!discontinuity) start.boundary = microseconds(begin * 100'000LL / 3);
      Segmenter segmenter(ledger.index, start, operations);
      for (const Frame& frame : after) {
        segmenter.push(packet_of(frame), operations);
        ledger.take(operations);
      }
      segmenter.finish(true, operations);
      ledger.take(operations);
      ledger.check_rules();
      for (const char* rendition : {"source", "480p30"})
        for (const Segment& s : ledger.index.find(rendition)->segments) {
          INFO(rendition << " segment " << s.msn);
          CHECK(s.parts.front().flags.independent);
        }
      CHECK(std::ranges::none_of(ledger.remarks, [](const Remark& r) { return r.what == Remark::What::forced_cut; }));
    }
}
