// How a stream starts, and how its runs follow one another.
#include <catch2/catch.hpp>

#include "unit/media/intake_rig.hpp"

using namespace sluice;
using namespace sluice::media;

TEST_CASE("a stream starts at the first keyframe once both tracks are known") {
  Rig rig;
  rig.intake.configure(aac());
  rig.audio(1000);
  rig.intake.configure(h264());
  rig.video(1010);
  rig.audio(1021);
  CHECK(rig.fed().empty());
  rig.video(1040, true);
  rig.audio(1043);
  CHECK(rig.fed() == "r0 v0k a3 ");
  CHECK(rig.intake.counts().unusable == 3);
}

TEST_CASE("sound that came before the keyframe it belongs to is kept") {
  Rig rig;
  rig.intake.configure(h264());
  rig.intake.configure(aac());
  rig.audio(50);
  rig.video(50, true);
  CHECK(rig.fed() == "r0 a0 v0k ");
}

TEST_CASE("a start waits for an announced track, but not for ever") {
  Rig rig;
  rig.intake.announce(true, true);
  rig.intake.configure(h264());
  rig.video(0, true);
  rig.clock.advance(milliseconds(900));
  rig.intake.tick(rig.clock.steady());
  CHECK(rig.fed().empty());
  rig.clock.advance(milliseconds(100));
  CHECK(*rig.intake.deadline() == rig.clock.steady());
  rig.intake.tick(rig.clock.steady());
  CHECK(rig.fed() == "r0 v0k ");
  CHECK_FALSE(rig.intake.deadline());
}

TEST_CASE("an announced picture that does not come is not waited for beyond the start's wait, and joins when it comes") {
  Rig rig;
  rig.intake.announce(1, 1);
  const bool configured = GENERATE(true, false);  // by RTMP all sequence headers come first, by SRT a track's with its first frame
  if (configured) rig.intake.configure(h264());
  rig.intake.configure(aac());
  const bool paced = GENERATE(true, false);  // a muxer that waits for the picture sends the sound before it all at once
  std::int64_t frames = 0;
  const auto sound = [&](std::int64_t until_ms) {
    for (; frames * 64 / 3 < until_ms; ++frames) {
      rig.audio(static_cast<std::uint32_t>(frames * 64 / 3));
      if (paced) rig.clock.advance(microseconds(64'000 / 3));
    }
  };
  sound(1'000);
  CHECK(rig.fed().empty());
  if (paced) {
    rig.clock.advance(milliseconds(5));
    CHECK(*rig.intake.deadline() <= rig.clock.steady());
    rig.intake.tick(rig.clock.steady());
  } else {
    sound(1'020);
  }
  CHECK(rig.fed().starts_with("r0 a0 a21 a42 "));
  CHECK(rig.intake.video() == nullptr);
  for (std::int64_t ms = 2'000; ms <= 32'000; ms += 1'000) {
    sound(ms);
    CHECK(rig.fed().starts_with("r0 a"));
  }
  if (!configured) rig.intake.configure(h264());
  rig.video(31'980);
  rig.video(32'000, true);
  rig.audio(32'000);
  CHECK(rig.fed() == "r1 v32000k a32000 ");
  CHECK(rig.intake.counts().unusable == 1);
  CHECK(rig.intake.counts().packets == 1502);
  CHECK(rig.retention.counts().dropped_packets == 0);
}

TEST_CASE("who waits for a keyframe in vain asks for no time of its own, and starts when it comes") {
  Rig rig;
  rig.intake.configure(h264());
  rig.intake.configure(aac());
  rig.audio(0);
  rig.video(0);
  rig.clock.advance(milliseconds(1'000));
  rig.intake.tick(rig.clock.steady());
  CHECK(rig.fed().empty());
  CHECK_FALSE(rig.intake.deadline());
  rig.audio(1'000);
  CHECK_FALSE(rig.intake.deadline());
  rig.video(1'010, true);
  CHECK(rig.fed() == "r0 v0k ");
}

TEST_CASE("packets of a byte each, while a keyframe is awaited, are let go of as large ones are") {
  const Bytes tiny(1);
  Rig rig;
  rig.intake.configure(h264());
  for (std::uint32_t i = 0; i < 100'000; ++i) rig.intake.offer({Kind::video, i, 0, false, nullptr, tiny}, rig.clock.steady());
  CHECK(rig.intake.counts().unusable > 60'000);
}

TEST_CASE("a frame rate that nobody tells is counted from the first frames") {
  const auto [step_us, fps] = GENERATE(table<int, int>({{33'333, 30}, {33'367, 30}, {16'667, 60}, {40'000, 25}, {41'708, 24}, {200'000, 5}, {333'333, 3}}));
  Rig rig;
  rig.intake.announce(true, false);
  Track track = h264();
  track.frame_rate = {0, 1};
  rig.intake.configure(track);
  for (int i = 0; i < 9; ++i) {
    rig.video(static_cast<std::uint32_t>(i * step_us / 1000), i == 0);
    rig.clock.advance(microseconds(step_us));
  }
  if (step_us < 100'000) {
    CHECK(rig.retention.peek() == nullptr);
    rig.video(static_cast<std::uint32_t>(9 * step_us / 1000));
  }
  REQUIRE(rig.retention.peek() != nullptr);  // or the second was over
  CHECK(rig.retention.peek()->run->tracks[0].frame_rate == media::Rational{fps, 1});
}

TEST_CASE("a track that is known not to come is not waited for") {
  Rig rig;
  SECTION("video only") {
    rig.intake.announce(true, false);
    rig.intake.configure(h264());
    rig.video(0, true);
    CHECK(rig.fed() == "r0 v0k ");
  }
  SECTION("audio only") {
    rig.intake.announce(false, true);
    rig.intake.configure(aac());
    rig.audio(7);
    rig.audio(28);
    CHECK(rig.fed() == "r0 a0 a21 ");
  }
}

TEST_CASE("a late track starts a new run at a keyframe") {
  Rig rig;
  rig.intake.announce(true, false);
  rig.intake.configure(h264());
  rig.video(0, true);
  rig.intake.configure(aac());
  rig.audio(20);
  rig.video(40);
  rig.video(80, true);
  rig.audio(80);
  CHECK(rig.fed() == "r0 v0k v40 r1 v80k a80 ");
}

TEST_CASE("late video joins sound") {
  Rig rig;
  rig.intake.announce(false, true);
  rig.intake.configure(aac());
  rig.audio(0);
  rig.intake.configure(h264());
  rig.audio(21);
  rig.video(30);
  rig.video(40, true);
  rig.audio(43);
  CHECK(rig.fed() == "r0 a0 a21 r1 v40k a42 ");
}

TEST_CASE("sound that goes on without the picture goes on in a run of its own, until the next keyframe") {
  Rig rig;
  rig.intake.configure(h264());
  rig.intake.configure(aac());
  const auto sound = [&](std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t ms = from; ms <= to; ms += 100) {
      rig.audio(ms);
      rig.clock.advance(milliseconds(100));
    }
  };
  rig.video(0, true);
  sound(0, 11'000);
  CHECK(rig.fed().find("r1") == std::string::npos);
  sound(11'100, 11'300);
  CHECK(rig.fed() == "r0 a11100 r1 a11200 a11300 ");
  CHECK(rig.intake.video() == nullptr);
  rig.video(11'310);
  CHECK(rig.fed().empty());
  rig.video(11'340, true);
  rig.audio(11'400);
  CHECK(rig.fed() == "r2 v11340k a11400 ");
  CHECK(rig.intake.keyframe_interval().count() == 0);
}

TEST_CASE("a picture goes on without the sound") {
  Rig rig;
  rig.intake.configure(h264());
  rig.intake.configure(aac());
  rig.audio(0);
  for (std::uint32_t ms = 0; ms <= 15'000; ms += 500) {
    rig.video(ms, ms % 1000 == 0);
    rig.clock.advance(milliseconds(500));
  }
  CHECK(rig.fed().find("r1") == std::string::npos);
}

TEST_CASE("a new configuration takes effect at its keyframe, the same one again does nothing") {
  Rig rig;
  rig.intake.announce(true, false);
  rig.intake.configure(h264('a'));
  rig.video(0, true);
  rig.intake.configure(h264('a'));
  rig.video(40, true);
  rig.intake.configure(h264('b'));
  rig.video(60);
  rig.video(80, true);
  CHECK(rig.fed() == "r0 v0k v40k r1 v80k ");
}

TEST_CASE("a run is divided at the next keyframe, once, and nothing is lost of it") {
  Rig rig;
  rig.intake.configure(h264());
  rig.intake.configure(aac());
  rig.intake.divide();  // there is no run yet
  rig.audio(0);
  rig.video(0, true);
  rig.video(33);
  rig.intake.divide();
  rig.audio(21);
  rig.video(66);
  rig.video(100, true);
  rig.audio(43);
  rig.video(133, true);
  CHECK(rig.fed() == "r0 a0 v0k v33 a21 v66 r1 v100k a42 v133k ");
  CHECK(rig.intake.counts().unusable == 0);
}

TEST_CASE("sound alone is divided at its next frame") {
  Rig rig;
  rig.intake.announce(0, 1);
  rig.intake.configure(aac());
  rig.audio(0);
  rig.intake.divide();
  rig.audio(21);
  rig.audio(43);
  CHECK(rig.fed() == "r0 a0 r1 a21 a42 ");
}

TEST_CASE("media without a configuration is dropped") {
  Rig rig;
  rig.video(0, true);
  rig.audio(0);
  CHECK(rig.fed().empty());
  CHECK(rig.intake.counts().unusable == 2);
  CHECK_FALSE(rig.intake.deadline());
}
