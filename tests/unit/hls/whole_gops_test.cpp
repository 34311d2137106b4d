// Whether a source's segments can be whole GOPs is judged as the segmenter will see it.
#include <algorithm>

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "hls/whole_gops.hpp"
#include "media/keyframes.hpp"
#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
using namespace sluice::hls::test;

namespace {
struct Taken {
  std::vector<Frame> frames;
  bool all = true;
  microseconds next{0};
};

Taken take(const std::vector<Frame>& frames) {
  Taken taken;
  WholeGops gops(milliseconds(2000));
  for (const Frame& frame : frames) {
    taken.all = gops.take({to_us(frame.pts, 90'000), to_us(frame.dts, 90'000), to_us(3000, 90'000), frame.key});
    if (!taken.all) break;
    taken.frames.push_back(frame);
  }
  taken.next = gops.next();
  return taken;
}

bool cut_by_force(const std::vector<Frame>& frames) {
  const std::vector<media::Track> tracks = {video_track()};
  MemoryLedger ledger(tracks);
  run(ledger, tracks, frames);
  return std::ranges::any_of(ledger.remarks, [](const Remark& r) { return r.what == Remark::What::forced_cut; });
}
}  // namespace

TEST_CASE("GOPs that a segment bears are taken for ever") {
  for (const bool b_frames : {false, true})
    for (const std::size_t gop : {1, 7, 15, 30, 45, 60, b_frames ? 69 : 72}) {
      INFO("GOPs of " << gop << " pictures, B-frames: " << b_frames);
      const auto frames = video_frames(900, {30, 1}, every(gop), b_frames);
      if (cut_by_force(frames)) continue;  // 1.5 s and then 1.5 s more is no segment
      CHECK(take(frames).all);
    }
}

TEST_CASE("a source is left off before its segmenter would cut by force, with every picture up to a moment") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SeededRandom random(seed);
    const bool b_frames = seed % 2 == 0, irregular = seed % 3 == 0;
    const std::size_t gop = 10 + random.below(62), from = 60 + random.below(240);
    INFO("seed " << seed << ": GOPs of " << gop << ", none after picture " << from);
    auto frames = video_frames(900, {30, 1}, [&](std::size_t i) { return i == 0 || (i < from && i % gop == 0); }, b_frames);
    std::int64_t late = 0;
    for (Frame& frame : frames) {
      if (irregular && !b_frames && random.below(20) == 0) late += static_cast<std::int64_t>(random.below(40'000));
      frame.dts += late, frame.pts += late;
    }
    const Taken taken = take(frames);
    REQUIRE_FALSE(taken.all);
    CHECK_FALSE(cut_by_force(taken.frames));
    const auto last_key = std::ranges::find_if(taken.frames.rbegin(), taken.frames.rend(), &Frame::key);
    CHECK(to_us(taken.frames.back().dts - last_key->dts, 90'000) >= milliseconds(irregular ? 0 : 300));
    // What is shown before the next one has been taken, and nothing else has.
    for (const Frame& frame : frames) {
      const bool there = std::ranges::any_of(taken.frames, [&](const Frame& f) { return f.id == frame.id; });
      CHECK(there == (to_us(frame.pts, 90'000) < taken.next - milliseconds(1)));
    }
  }
}

namespace {
// Pictures in even milliseconds, as of a clock that runs twice as fast, and those of them that a rung of `fps` shows, which its encoder says last 1/fps s.
struct Ladder {
  std::vector<media::Track> tracks;
  std::vector<Frame> source, rung, sound;
};

Ladder ladder(media::Rational told, media::Rational rate, std::uint32_t fps, bool b_frames, std::size_t from) {
  Ladder made{{video_track(told), video_track({fps, 1}, "rung"), audio_track()}, {}, {}, {}};
  const std::size_t count = static_cast<std::size_t>(10 * rate.num / rate.den);
  made.source = video_frames(count, rate, [from](std::size_t i) { return i == 0 || (i >= from && (i - from) % 10 == 0); }, b_frames);
  const auto even = [](std::int64_t ticks) { return (ticks + 179) / 180 * 180; };
  for (Frame& frame : made.source) frame.dts = even(frame.dts), frame.pts = even(frame.pts), frame.duration = 0;
  std::vector<Frame> shown = made.source;
  std::ranges::sort(shown, {}, &Frame::pts);
  media::FrameSelector selector(fps);
  for (Frame frame : shown) {
    if (!selector.keep(to_us(frame.pts, 90'000), frame.key)) continue;
    made.rung.push_back({1, frame.pts, frame.pts, 90'000 / fps, frame.key, frame.id});
  }
  made.sound = audio_frames(468, 2);
  return made;
}
}  // namespace

TEST_CASE("where a source is left off for its long GOPs, no rung of fewer pictures is cut by force, and all are discontinued at one place") {
  struct Case {
    media::Rational told, rate;  // of a clock that runs twice as fast pictures come half as often as they are told to
    std::uint32_t fps;
  };
  for (const Case c : {Case{{30, 1}, {30, 1}, 15}, {{30, 1}, {15, 1}, 15}, {{25, 1}, {25, 1}, 15}, {{24, 1}, {24, 1}, 15}, {{60, 1}, {30, 1}, 15}, {{25, 1}, {25, 1}, 10}, {{60, 1}, {60, 1}, 30}})
    for (const bool b_frames : {false, true}) {
      INFO("told " << c.told.num << ", " << c.rate.num << " a second, rung of " << c.fps << ", B-frames: " << b_frames);
      const auto [tracks, source, rung, sound] = ladder(c.told, c.rate, c.fps, b_frames, static_cast<std::size_t>(c.rate.num * 4));
      WholeGops gops(milliseconds(2000));
      std::vector<Frame> passed;
      for (const Frame& frame : source) {
        if (!gops.take({to_us(frame.pts, 90'000), to_us(frame.dts, 90'000), to_us(frame_ticks(tracks[0]), 90'000), frame.key})) break;
        passed.push_back(frame);
      }
      REQUIRE(passed.size() < source.size());
      const microseconds next = gops.next();
      const auto before = [&](const Frame& frame) { return to_us(frame.pts, tracks[frame.track].timescale) < next - milliseconds(1); };
      std::vector<Frame> first = passed, second;
      for (const Frame& frame : interleave(rung, sound, tracks)) (before(frame) ? first : second).push_back(frame);
      microseconds picture{0}, heard{0};
      for (const Frame& frame : first) (frame.track == 2 ? heard : picture) = std::max(frame.track == 2 ? heard : picture, to_us(frame.pts, tracks[frame.track].timescale));

      MemoryLedger ledger(tracks);
      Operations operations;
      Segmenter passing(ledger.index, {tracks}, operations);
      for (const Frame& frame : interleave(first, {}, tracks)) passing.push(packet_of(frame), operations);
      passing.pause({next, picture, heard}, operations);
      ledger.take(operations);
      CHECK(std::ranges::none_of(ledger.remarks, [](const Remark& r) { return r.what == Remark::What::forced_cut; }));

      // The next generation encodes the source, too: another configuration, and a keyframe at its first picture.
      for (const Frame& frame : rung)
        if (!before(frame)) second.push_back({0, frame.dts, frame.pts, frame.duration, frame.key, frame.id});
      second = interleave(second, {}, tracks);
      for (Frame& frame : second)
        if (frame.track < 2 && frame.pts == std::ranges::find(second, 1u, &Frame::track)->pts) frame.key = true;
      Segmenter encoding(ledger.index, {.tracks = tracks, .new_config = {true, false, false}, .boundary = next}, operations);
      for (const Frame& frame : second) encoding.push(packet_of(frame), operations);
      encoding.finish(true, operations);
      ledger.take(operations);
      ledger.check_rules(false);
      for (const Rendition& r : ledger.index.renditions()) {
        INFO(r.record.name);
        REQUIRE(r.segments.size() > 1);
        CHECK(r.segments[0].parts.front().flags.independent);
        CHECK(r.segments[1].parts.front().flags.discontinuity);
        CHECK(r.segments[1].parts.front().flags.independent);
        CHECK(std::ranges::none_of(r.segments[0].parts, [](const Part& part) { return part.flags.gap; }));
        for (const Segment& segment : r.segments)
          for (const Part& part : segment.parts) CHECK(part.init == (r.record.name == "source" && segment.msn > 0 ? 1 : 0));
      }
    }
}

TEST_CASE("gaps before a discontinuity are in the configuration that goes on until there") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  MemoryLedger ledger(tracks);
  Operations operations;
  Segmenter one(ledger.index, {tracks}, operations);
  for (const Frame& frame : interleave(video_frames(50, {30, 1}, every(60)), audio_frames(300), tracks)) one.push(packet_of(frame), operations);
  one.finish(false, operations);
  ledger.take(operations);
  REQUIRE(ledger.index.find("audio")->last.msn > ledger.index.find("source")->last.msn);
  Segmenter two(ledger.index, {.tracks = tracks, .new_config = {true, false}}, operations);
  for (const Frame& frame : interleave(video_frames(120, {30, 1}, every(60), false, 0, 90'000 * 7), audio_frames(187, 1, 48'000 * 7), tracks)) two.push(packet_of(frame), operations);
  two.finish(true, operations);
  ledger.take(operations);
  bool broken = false;
  REQUIRE(ledger.index.find("source")->segments.size() > 3);
  for (const Segment& segment : ledger.index.find("source")->segments) {
    broken = broken || segment.parts.front().flags.discontinuity;
    CHECK(segment.parts.front().init == (broken ? 1 : 0));
  }
  CHECK(broken);
}
