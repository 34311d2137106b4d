// A rung that is shed, and how it comes back.
#include <algorithm>

#include <catch2/catch.hpp>

#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
using namespace sluice::hls::test;

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
