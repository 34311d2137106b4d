// Whether a source's segments can be whole GOPs is judged as the segmenter will see it.
#include <algorithm>

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "hls/whole_gops.hpp"
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
