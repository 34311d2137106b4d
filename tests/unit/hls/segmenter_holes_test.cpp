// What a rendition that falls silent, or loses packets, is in the ledger.
#include <algorithm>

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "hls/view.hpp"
#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
using namespace sluice::hls::test;


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

TEST_CASE("pictures that are left out leave no hole and no short part, and those that come are shown when they were to be") {
  const std::vector<media::Track> tracks = {video_track(), video_track({30, 1}, "480p30"), audio_track()};
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SeededRandom random(seed);
    const bool b_frames = seed % 2 == 0;
    // Many that are as long as a part, or a few that are nearly two.
    const bool many = seed % 3 != 0;
    const std::uint64_t most = 90 * (many ? 100 + random.below(350) : 850);
    auto video = video_frames(600, {30, 1}, every(30), b_frames);
    std::int64_t late = 0;
    for (Frame& frame : video) {
      const bool jumps = frame.dts > 90'000 && late < 8 * 90'000 && (many ? random.below(12) == 0 : frame.id % 24 == 7);
      if (jumps) late += static_cast<std::int64_t>(random.below(most));
      frame.dts += late, frame.pts += late;
    }
    auto rung = video;
    for (Frame& frame : rung) frame.track = 1;
    const auto sound = audio_frames(static_cast<std::size_t>((video.back().dts / 90) * 48 / 1024), 2);
    const auto frames = interleave(interleave(video, rung, tracks), sound, tracks);
    for (const std::size_t restart : {std::size_t{0}, std::size_t{400}, std::size_t{700}, std::size_t{1100}}) {
      INFO("seed " << seed << ", a new writer at packet " << restart);
      MemoryLedger ledger(tracks);
      if (restart > 0) {
        Operations operations;
        Segmenter segmenter(ledger.index, {tracks}, operations);
        for (std::size_t i = 0; i < restart; ++i) segmenter.push(packet_of(frames[i]), operations);
        ledger.take(operations);  // the open part is lost
      }
      run(ledger, tracks, frames);
      ledger.check_rules();
      CHECK(ledger.samples.at("source").size() == 600);
      for (const Segment& segment : ledger.index.find("source")->segments)
        for (const Part& part : segment.parts) CHECK_FALSE(part.flags.gap);
      for (const auto& sample : ledger.samples.at("source")) CHECK(sample.pts == video[sample.id].pts);
    }
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

TEST_CASE("a segment that begins in a hole of the picture is independent where its first frame is a keyframe, and else it is told") {
  const std::size_t from = GENERATE(1, 45, 50, 62), lost = GENERATE(15, 30, 60, 80, 200);  // of 60 in a GOP
  CAPTURE(from, lost);
  const std::vector<media::Track> tracks{video_track(), audio_track()};
  auto video = video_frames(480, {30, 1}, every(60));
  video.erase(video.begin() + static_cast<std::ptrdiff_t>(from), video.begin() + static_cast<std::ptrdiff_t>(from + lost));
  MemoryLedger ledger(tracks);
  run(ledger, tracks, interleave(video, audio_frames(750), tracks));
  ledger.check_rules(false);
  CHECK(ledger.samples.at("source").size() == 480 - lost);

  StreamView view;
  const Rendition& source = *ledger.index.find("source");
  view.apply(source.record, 1000);
  for (const Segment& segment : source.segments)
    for (const Part& part : segment.parts) view.apply(PartRecord{"source", part}, 1000);
  std::size_t dependent = 0;
  for (const SegmentView& segment : view.find("source")->segments) {
    INFO("segment " << segment.msn);
    const auto& samples = ledger.samples.at("source");
    const auto first = std::ranges::find(samples, segment.msn, &MemoryLedger::Kept::msn);
    CHECK(segment.gap == (first == samples.end()));
    if (segment.gap) continue;
    CHECK(segment.independent == first->key);
    dependent += !first->key;
  }
  CHECK(view.find("source")->all_independent == (dependent == 0));
  CHECK(std::ranges::count(ledger.remarks, Remark::What::forced_cut, &Remark::what) == static_cast<std::ptrdiff_t>(dependent));
}

namespace {
// A backlog that a writer finds: what is passed on at once, then what has to be encoded, at `speed` times real time.
void work_off(MemoryLedger& ledger, const std::vector<media::Track>& tracks, const std::vector<Frame>& at_once, const std::vector<Frame>& later, double speed) {
  Operations operations;
  Segmenter segmenter(ledger.index, {tracks, false, {}}, operations);
  const Steady begun{};
  segmenter.at(begun);
  for (const Frame& frame : at_once) segmenter.push(packet_of(frame), operations);
  for (const Frame& frame : later) {
    segmenter.at(begun + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(static_cast<double>(frame.dts) / 90'000 / speed)));
    segmenter.push(packet_of(frame), operations);
  }
  ledger.take(operations);
  segmenter.finish(true, operations);
  ledger.take(operations);
}
}  // namespace

TEST_CASE("sound that comes long before its pictures cuts nothing, as long as they come") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  MemoryLedger ledger(tracks);
  work_off(ledger, tracks, audio_frames(938), video_frames(600, {30, 1}, every(60)), 3);  // 20 s
  ledger.check_rules();
  ledger.check_ids("source", 600);
  ledger.check_ids("audio", 938);
  for (const Segment& s : ledger.index.find("source")->segments) CHECK(s.parts.front().flags.independent);
}

TEST_CASE("a rung that is encoded long after the source was passed on has no gaps, as long as it comes") {
  const std::vector<media::Track> tracks = {video_track(), video_track({30, 1}, "480p30"), audio_track()};
  MemoryLedger ledger(tracks);
  work_off(ledger, tracks, interleave(video_frames(600, {30, 1}, every(60)), audio_frames(938, 2), tracks), video_frames(600, {30, 1}, every(60), false, 1), 3);
  ledger.check_rules();
  ledger.check_ids("480p30", 600);
  for (const Segment& s : ledger.index.find("480p30")->segments)
    for (const Part& p : s.parts) CHECK_FALSE(p.flags.gap);
}

TEST_CASE("sound goes on alone where its pictures come no more, and so does a source without its rung") {
  const std::vector<media::Track> tracks = {video_track(), video_track({30, 1}, "480p30"), audio_track()};
  for (const bool source : {false, true}) {
    MemoryLedger ledger(tracks);
    Operations operations;
    Segmenter segmenter(ledger.index, {tracks, false, {}}, operations);
    auto frames = interleave(video_frames(60, {30, 1}, every(60), false, 1), audio_frames(938, 2), tracks);
    frames = interleave(frames, video_frames(source ? 600 : 60, {30, 1}, every(60)), tracks);
    for (const Frame& frame : frames) {
      segmenter.at(Steady{} + std::chrono::duration_cast<Steady::duration>(to_us(frame.dts, tracks[frame.track].timescale)));
      segmenter.push(packet_of(frame), operations);
      ledger.take(operations);
    }
    const auto end = [&](const char* name) { return to_us(ledger.index.find(name)->end, ledger.index.find(name)->record.timescale); };
    CHECK(end("audio") > std::chrono::seconds(source ? 18 : 13));
    CHECK(end("480p30") > std::chrono::seconds(4));  // gaps, once it is absent
  }
}
