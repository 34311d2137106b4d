// The keyframe interval that an intake tells of, and how long packets are.
#include <catch2/catch.hpp>

#include "unit/media/intake_rig.hpp"

using namespace sluice;
using namespace sluice::media;

TEST_CASE("the keyframe interval is the longest of the last ones") {
  Rig rig;
  rig.intake.announce(true, false);
  rig.intake.configure(h264());
  for (int ms : {0, 1000, 9000, 10000}) rig.video(ms, true), rig.clock.advance(seconds(8));
  CHECK(rig.intake.keyframe_interval() == seconds(8));
}

TEST_CASE("the keyframe interval is told of whole GOPs, or of an open one that is long, and sound that is ahead does not lengthen it") {
  Rig rig;
  rig.intake.configure(h264());
  rig.intake.configure(aac());
  rig.video(0, true), rig.audio(0);
  rig.video(967), rig.audio(975);
  CHECK(rig.intake.keyframe_interval() == seconds(0));
  rig.video(2000, true), rig.audio(2010);
  CHECK(rig.intake.keyframe_interval() == seconds(2));
  rig.video(3967), rig.audio(4010);
  CHECK(rig.intake.keyframe_interval() == seconds(2));
  CHECK_FALSE(rig.intake.keyframe_due());
  rig.clock.advance(seconds(3));
  rig.video(6967);
  CHECK(rig.intake.keyframe_interval() == microseconds(4'967'000));
  CHECK(rig.intake.keyframe_due());
  rig.clock.advance(seconds(3));
  rig.video(10'000, true);
  CHECK(rig.intake.keyframe_interval() == seconds(8));
  CHECK_FALSE(rig.intake.keyframe_due());
}

TEST_CASE("one long GOP is no habit; two of the last ones are, be the second still open, and so is one that is no mishap") {
  Rig rig;
  rig.intake.announce(true, false);
  rig.intake.configure(h264());
  const auto picture = [&](int ms, bool key) {
    rig.video(ms, key);
    rig.clock.advance(seconds(1));
  };
  for (int ms = 0; ms <= 4000; ms += 1000) picture(ms, ms % 2000 == 0);
  CHECK_FALSE(rig.intake.often_over(milliseconds(2100)));
  for (int ms = 5000; ms <= 12'000; ms += 1000) picture(ms, ms == 12'000);
  CHECK(rig.intake.keyframe_interval() == seconds(8));
  CHECK_FALSE(rig.intake.often_over(milliseconds(2100)));

  SECTION("a second") {
    for (int ms = 13'000; ms <= 16'000; ms += 1000) picture(ms, ms % 2000 == 0);
    for (int ms = 17'000; ms <= 18'000; ms += 1000) picture(ms, false);
    CHECK_FALSE(rig.intake.often_over(milliseconds(2100)));
    picture(19'000, false);
    CHECK(rig.intake.often_over(milliseconds(2100)));
    picture(20'000, true);
    CHECK(rig.intake.often_over(milliseconds(2100)));
    CHECK_FALSE(rig.intake.often_over(seconds(4)));
  }
  SECTION("when the first is long past") {
    for (int ms = 13'000; ms <= 32'000; ms += 1000) picture(ms, ms % 2000 == 0);
    CHECK(rig.intake.keyframe_interval() == seconds(2));
    for (int ms = 33'000; ms <= 36'000; ms += 1000) picture(ms, false);
    CHECK(rig.intake.keyframe_interval() == seconds(4));
    CHECK_FALSE(rig.intake.often_over(milliseconds(2100)));
  }
  SECTION("one that does not end") {
    for (int ms = 13'000; ms <= 23'000; ms += 1000) picture(ms, false);
    CHECK(rig.intake.often_over(milliseconds(2100)));
    CHECK_FALSE(rig.intake.often_over(seconds(12)));
  }
}

TEST_CASE("an Opus packet tells its own length (RFC 6716 3.1)") {
  Track opus{.codec = Codec::opus, .sample_rate = 48'000};
  CHECK(audio_frame_length(opus, to_bytes("\xfc")) == 960);        // CELT fullband 20 ms, one frame
  CHECK(audio_frame_length(opus, to_bytes("\x08")) == 960);        // SILK narrowband 20 ms
  CHECK(audio_frame_length(opus, to_bytes("\xf9")) == 1920);       // two of them
  CHECK(audio_frame_length(opus, to_bytes("\xfb\x03")) == 2880);   // three
}
