// A ledger that goes on in gaps while nobody feeds it, and then with the publisher's media again.
#include <algorithm>

#include <catch2/catch.hpp>

#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
using namespace sluice::hls::test;

namespace {
// Gap parts up to `until_ms`, asked for in steps, each step by a writer of its own when `killed`.
void fill(MemoryLedger& ledger, std::int64_t from_ms, std::int64_t until_ms, std::int64_t step_ms, bool killed = false) {
  Operations operations;
  auto writer = std::make_unique<Segmenter>(ledger.index, SegmenterStart{.vacant = true}, operations);
  for (std::int64_t ms = from_ms; ms <= until_ms; ms += step_ms) {
    if (killed) writer = std::make_unique<Segmenter>(ledger.index, SegmenterStart{.vacant = true}, operations);
    writer->fill_gaps(milliseconds(ms), operations);
    ledger.take(operations);
  }
}

double end_of(const MemoryLedger& ledger, const char* rendition) {
  const Rendition& r = *ledger.index.find(rendition);
  return static_cast<double>(r.end) / r.record.timescale;
}

bool has_gap(const Segment& s) { return std::ranges::any_of(s.parts, [](const Part& p) { return p.flags.gap; }); }
bool is_gap(const Segment& s) { return std::ranges::all_of(s.parts, [](const Part& p) { return p.flags.gap; }); }
}  // namespace

TEST_CASE("a ledger that nobody feeds goes on in gaps, and with a discontinuity when it is fed again") {
  const std::vector<media::Track> tracks = {video_track(), video_track({30, 1}, "480p30"), audio_track()};
  const auto frames = interleave(interleave(video_frames(270, {30, 1}, every(60)), video_frames(270, {30, 1}, every(60), false, 1), tracks), audio_frames(421, 2), tracks);
  for (std::size_t cut = 30; cut < frames.size(); cut += 7) {
    const std::int64_t step = cut % 3 == 0 ? 500 : cut % 3 == 1 ? 1700 : 333;
    INFO("cut at " << cut << ", asked every " << step << " ms");
    MemoryLedger ledger(tracks);
    run(ledger, tracks, {frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(cut)}, false);
    const double left_at = end_of(ledger, "source");
    fill(ledger, 0, 20'000, step, cut % 2 == 0);
    const double absent_until = end_of(ledger, "source");
    CHECK(absent_until <= 20.0001);
    CHECK(absent_until > 20 - 0.51 - step / 1000.0);
    CHECK(end_of(ledger, "480p30") == Approx(absent_until).margin(0.001));
    CHECK(end_of(ledger, "audio") == Approx(absent_until).margin(0.001));
    const auto first_gap = std::ranges::find_if(ledger.index.find("source")->segments, is_gap)->msn;
    for (const Rendition& r : ledger.index.renditions()) {
      CHECK_FALSE(r.shed);
      for (const Segment& s : r.segments) {
        INFO(r.record.name << " segment " << s.msn);
        CHECK(has_gap(s) == is_gap(s));
        if (s.msn >= first_gap && s.msn != r.last.msn) CHECK(static_cast<double>(s.duration()) / r.record.timescale == Approx(2).margin(0.06));
      }
    }
    const auto gaps = std::ranges::count_if(ledger.index.find("source")->segments, is_gap);
    CHECK(gaps == Approx((absent_until - left_at) / 2).margin(1));

    const auto again = interleave(interleave(video_frames(90, {30, 1}, every(60), false, 0, 21 * 90'000), video_frames(90, {30, 1}, every(60), false, 1, 21 * 90'000), tracks),
                                  audio_frames(140, 2, 21 * 48'000), tracks);
    run(ledger, tracks, again, true, true);
    ledger.check_rules();
    std::set<MediaSequence> breaks;
    for (const Rendition& r : ledger.index.renditions())
      for (const Segment& s : r.segments)
        if (s.discontinuity()) breaks.insert(s.msn);
    CHECK(breaks.size() == 1);
    CHECK(ledger.index.find("source")->last.msn == ledger.index.find("audio")->last.msn);
  }
}

TEST_CASE("gaps begin at one time in all renditions, also where one of them stopped earlier than the others") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  const bool sound = GENERATE(true, false);  // which of them lost its end
  const std::int64_t lost_ms = GENERATE(500, 1'000, 1'900, 2'400);
  const auto frames = interleave(video_frames(sound ? 165 : 165 - lost_ms * 30 / 1000, {30, 1}, every(60)),
                                 audio_frames(sound ? 258 - lost_ms * 48'000 / 1'024 / 1'000 : 258), tracks);
  INFO((sound ? "sound" : "picture") << " " << lost_ms << " ms shorter");
  MemoryLedger ledger(tracks);
  run(ledger, tracks, frames, false);
  fill(ledger, 0, 12'000, 500, GENERATE(false, true));
  ledger.check_rules();
  const Rendition& source = *ledger.index.find("source");
  const Rendition& audio = *ledger.index.find("audio");
  REQUIRE(source.last.msn == audio.last.msn);
  for (const Segment& s : source.segments) {
    const auto same = std::ranges::find(audio.segments, s.msn, &Segment::msn);
    INFO("segment " << s.msn);
    REQUIRE(same != audio.segments.end());
    CHECK(static_cast<double>(s.parts.front().start) / 90'000 == Approx(static_cast<double>(same->parts.front().start) / 48'000).margin(0.07));
  }
}

TEST_CASE("no gap is written before the time for a whole part has come, and none into an empty ledger") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  MemoryLedger empty(tracks);
  fill(empty, 0, 10'000, 500);
  CHECK(empty.index.renditions().empty());
  MemoryLedger ledger(tracks);
  run(ledger, tracks, interleave(video_frames(60, {30, 1}, every(60)), audio_frames(93), tracks), false);
  fill(ledger, 0, 2'400, 100);
  CHECK_FALSE(ledger.index.find("source")->last.flags.gap);
  fill(ledger, 2'400, 2'500, 100);
  CHECK(ledger.index.find("source")->last.flags.gap);
  CHECK(end_of(ledger, "source") == Approx(2.5));
}

TEST_CASE("a shed rendition stays shed while nobody feeds the ledger") {
  const std::vector<media::Track> tracks = {video_track(), video_track({30, 1}, "480p30")};
  MemoryLedger ledger(tracks);
  Operations operations;
  {
    Segmenter segmenter(ledger.index, {tracks, false, {}}, operations);
    for (const Frame& f : video_frames(120, {30, 1}, every(60))) {
      if (f.id == 0) segmenter.push(packet_of({1, 0, 0, 3000, true, 0}), operations);
      if (f.id == 60) segmenter.shed("480p30", operations);
      segmenter.push(packet_of(f), operations);
    }
    segmenter.finish(false, operations);
    ledger.take(operations);
  }
  fill(ledger, 0, 12'000, 500);
  CHECK(ledger.index.find("480p30")->shed);
  CHECK_FALSE(ledger.index.find("source")->shed);
  CHECK(end_of(ledger, "480p30") == Approx(end_of(ledger, "source")).margin(0.001));
  ledger.check_rules();
}

TEST_CASE("gaps are dated as the pictures before them are, which B-frames show later than they are decoded") {
  const std::vector<media::Track> tracks = {video_track()};
  MemoryLedger ledger(tracks);
  run(ledger, tracks, video_frames(120, {30, 1}, every(60), true), false);
  fill(ledger, 0, 12'000, 500);
  for (const Segment& s : ledger.index.find("source")->segments) {
    INFO("segment " << s.msn);
    CHECK(s.parts.front().composition == 3000);
  }
}
