#include "media/intake.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::media;

namespace {
const Bytes payload(100);

Track h264(char config = 'a') { return {.codec = Codec::h264, .config = to_bytes(std::string(1, config)), .frame_rate = {30, 1}}; }
Track aac() { return {.codec = Codec::aac, .config = to_bytes("\x11\x90"), .sample_rate = 48'000}; }

struct Rig {
  FakeClock clock;
  Retention retention;
  Intake intake{retention};

  Rig() { intake.begin(0, false); }
  void video(std::uint32_t ms, bool key = false, int composition = 0) {
    intake.offer({Kind::video, ms, composition, key, nullptr, payload}, clock.steady());
  }
  void audio(std::uint32_t ms) { intake.offer({Kind::audio, ms, 0, true, nullptr, payload}, clock.steady()); }
  // "r0 v0k a0 v40": run, track, ms, key; each new run is named once
  std::string fed() {
    std::string out;
    std::optional<std::uint64_t> run;
    while (const Retained* next = retention.peek()) {
      if (run != next->run->number) out += "r" + std::to_string(next->run->number) + (next->run->discontinuity ? "! " : " ");
      run = next->run->number;
      const bool is_video = next->run->tracks[next->packet.track].kind() == Kind::video;
      out += (is_video ? "v" : "a") + std::to_string(next->dts_us / 1000) + (is_video && next->packet.key ? "k " : " ");
      retention.advance();
    }
    return out;
  }
};
}  // namespace

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

TEST_CASE("media without a configuration is dropped") {
  Rig rig;
  rig.video(0, true);
  rig.audio(0);
  CHECK(rig.fed().empty());
  CHECK(rig.intake.counts().unusable == 2);
  CHECK_FALSE(rig.intake.deadline());
}

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
