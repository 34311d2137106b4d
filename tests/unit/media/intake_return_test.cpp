// Publishers that were away or silent, and clocks that went on or did not.
#include <catch2/catch.hpp>

#include "unit/media/intake_rig.hpp"

using namespace sluice;
using namespace sluice::media;

TEST_CASE("a publisher that comes back goes on in a run marked as a discontinuity") {
  Rig rig;
  rig.intake.announce(true, false);
  rig.intake.configure(h264());
  rig.video(500, true);
  rig.video(540);
  rig.intake.begin(5'000'000, true);
  rig.intake.announce(true, false);
  rig.intake.configure(h264());
  rig.video(0, true);
  rig.video(40);
  CHECK(rig.fed() == "r0 v0k v40 r1! v5000k v5040 ");
}

namespace {
// A keyframe, a second of both after it, and then nothing for a while.
void fall_silent(Rig& rig) {
  rig.intake.configure(h264());
  rig.intake.configure(aac());
  rig.video(0, true), rig.audio(0);
  rig.video(500, true), rig.audio(512);
  rig.video(533), rig.audio(533);
  CHECK(rig.fed() == "r0 v0k a0 v500k a512 v533 a533 ");
  rig.intake.pause();
  rig.clock.advance(seconds(7));
  CHECK_FALSE(rig.intake.can_resume(rig.clock.steady()));
}
}  // namespace

TEST_CASE("who was silent and goes on where its clock stood begins with the open GOP once more, and nothing is lost of what comes") {
  Rig rig;
  fall_silent(rig);
  rig.video(566, false, 40);
  rig.audio(554);
  CHECK(rig.fed().empty());
  REQUIRE(rig.intake.can_resume(rig.clock.steady()));
  rig.intake.resume(8'000'000, rig.clock.steady());
  CHECK_FALSE(rig.intake.paused());
  rig.audio(576);
  rig.video(600, true);
  CHECK(rig.fed() == "r1! v8000k a8012 v8033 a8033 v8066 a8054 a8076 v8100k ");
  CHECK(rig.intake.keyframe_interval() == milliseconds(500));
  CHECK(rig.intake.counts().unusable == 0);
  CHECK(rig.intake.counts().repairs == 0);
  CHECK(rig.intake.reached() > 8'100'000);
}

TEST_CASE("who was silent and whose clock went on, or whose picture changed, begins with its next keyframe") {
  Rig rig;
  fall_silent(rig);
  std::uint32_t ms = 7'600;
  SECTION("its clock") {}
  SECTION("its picture") {
    ms = 566;
    rig.intake.configure(h264('b'));
  }
  rig.video(ms), rig.audio(ms);
  CHECK_FALSE(rig.intake.can_resume(rig.clock.steady()));
  rig.video(ms + 33, true), rig.audio(ms + 34);
  REQUIRE(rig.intake.can_resume(rig.clock.steady()));
  rig.intake.resume(8'000'000, rig.clock.steady());
  rig.video(ms + 66);
  CHECK(rig.fed() == "r1! v8000k a8001 v8033 ");
}

TEST_CASE("a silence that one track's clock alone has counted is that clock's leap: both go on together, where the other stood") {
  Rig rig;
  fall_silent(rig);
  const bool key = GENERATE(false, true), picture = GENERATE(true, false);
  const std::uint32_t counted = GENERATE(1'600u, 4'000u, 7'000u);
  CAPTURE(key, picture, counted);
  rig.video(566 + (picture ? counted : 0), key);
  if (picture) CHECK_FALSE(rig.intake.can_resume(rig.clock.steady()));
  rig.audio(554 + (picture ? 0 : counted));
  REQUIRE(rig.intake.can_resume(rig.clock.steady()));
  rig.intake.resume(8'000'000, rig.clock.steady());
  rig.clock.advance(milliseconds(30));
  rig.video(600 + (picture ? counted : 0)), rig.audio(576 + (picture ? 0 : counted));
  CHECK(rig.fed() == std::string("r1! v8000k a8012 v8033 a8033 v8066") + (key ? "k" : "") + " a8054 v8100 a8076 ");
  CHECK(rig.intake.counts().repairs == 1);
}

TEST_CASE("after a silence a keyframe waits a moment for the other tracks, which may tell that the clock stood") {
  Rig rig;
  fall_silent(rig);
  rig.video(9'000, true);
  CHECK_FALSE(rig.intake.can_resume(rig.clock.steady()));
  rig.clock.advance(milliseconds(300));
  REQUIRE(rig.intake.can_resume(rig.clock.steady()));
  rig.intake.resume(8'000'000, rig.clock.steady());
  CHECK(rig.fed() == "r1! v8000k ");
}

TEST_CASE("sound from before a late first keyframe is no sound of another clock, however long that took") {
  Rig rig;
  rig.intake.configure(h264());
  rig.intake.configure(aac());
  for (std::uint32_t ms = 0; ms < 8'000; ms += 100) rig.audio(ms), rig.video(ms + 10);
  rig.video(8'010, true), rig.audio(8'021);
  CHECK(rig.fed() == "r0 v0k a11 ");
}

TEST_CASE("sound whose clock is behind the first picture's by some seconds begins with it") {
  Rig rig;
  rig.intake.configure(h264());
  rig.intake.configure(aac());
  rig.video(14'000, true);
  for (std::uint32_t ms = 0; ms < 100; ms += 20) rig.audio(10'000 + ms);
  CHECK(rig.fed() == "r0 v0k a0 a21 a42 a64 a85 ");
}

TEST_CASE("sound alone goes on after a silence as it comes") {
  Rig rig;
  rig.intake.announce(0, 1);
  rig.intake.configure(aac());
  rig.audio(0), rig.audio(21);
  CHECK(rig.fed() == "r0 a0 a21 ");
  rig.intake.pause();
  rig.clock.advance(seconds(3));
  rig.audio(43);
  REQUIRE(rig.intake.can_resume(rig.clock.steady()));
  rig.intake.resume(3'000'000, rig.clock.steady());
  rig.audio(64);
  CHECK(rig.fed() == "r1! a3000 a3021 ");
}

TEST_CASE("of what comes after a silence no more is kept back than before a start, and who comes back forgets it") {
  Rig rig;
  fall_silent(rig);
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    rig.video(60'000 + i);
    CHECK_FALSE(rig.intake.can_resume(rig.clock.steady()));
  }
  CHECK(rig.intake.counts().unusable > 60'000);
  rig.intake.begin(60'000'000, true);
  CHECK_FALSE(rig.intake.paused());
  rig.intake.configure(h264());
  rig.intake.announce(1, 0);
  rig.video(0, true);
  CHECK(rig.fed() == "r1! v60000k ");
}

TEST_CASE("a return never overlaps what was accepted before") {
  Rig rig;
  rig.intake.announce(true, false);
  rig.intake.configure(h264());
  rig.video(0, true);
  rig.video(2000);
  rig.intake.begin(100, true);
  rig.intake.announce(true, false);
  rig.intake.configure(h264());
  rig.video(0, true);
  CHECK(rig.fed() == "r0 v0k v2000 r1! v3000k ");
}
