#include "media/timeline.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"

using namespace sluice;
using media::Kind;
using media::Timeline;

namespace {
constexpr std::size_t video = 0, audio = 1;

struct Rig {
  FakeClock clock;
  Timeline timeline;
  explicit Rig(std::uint32_t raw = 0, std::uint32_t frame = 1024) {
    timeline.begin(raw, 0);
    timeline.set_track(video, Kind::video, 90'000, 0);
    timeline.set_track(audio, Kind::audio, 48'000, frame);
  }
  std::optional<Timeline::Stamp> at(std::size_t track, std::uint32_t raw, std::int32_t composition = 0) {
    return timeline.stamp(track, raw, composition, clock.steady());
  }
};
}  // namespace

TEST_CASE("video milliseconds become 1/90000 s with the composition offset on the PTS") {
  Rig rig(1000);
  CHECK(rig.at(video, 1000, 66)->pts == 66 * 90);
  const auto next = rig.at(video, 1033, 33);
  CHECK(next->dts == 33 * 90);
  CHECK(next->pts == 66 * 90);
}

TEST_CASE("a PTS never comes before its DTS") {
  Rig rig;
  const auto stamp = rig.at(video, 100, -40);
  CHECK(stamp->dts == 9000);
  CHECK(stamp->pts == 9000);
}

TEST_CASE("AAC stamped in rounded milliseconds is sample-exact") {
  Rig rig(0);
  for (std::int64_t i = 0; i < 200'000; ++i) {
    const auto raw = static_cast<std::uint32_t>(i * 1024 * 1000 / 48'000);
    const auto stamp = rig.at(audio, raw);
    REQUIRE(stamp);
    REQUIRE(stamp->dts == i * 1024);
    REQUIRE(stamp->duration == 1024);
    rig.clock.advance(microseconds(21'333));
  }
}

TEST_CASE("audio jitter below the tolerance stays on the grid, a hole moves it") {
  Rig rig;
  CHECK(rig.at(audio, 0)->dts == 0);
  CHECK(rig.at(audio, 50)->dts == 1024);
  CHECK(rig.at(audio, 43)->dts == 2048);
  CHECK(rig.at(audio, 1000)->dts == 48'000);
}

TEST_CASE("audio with more samples than its clock allows is thinned to stay in step with the picture") {
  Rig rig;
  std::int64_t last = -1, dropped = 0;
  for (int i = 0; i < 2000; ++i) {  // frames come every 20 ms, each lasts 21.3
    const auto stamp = rig.at(audio, i * 20);
    if (!stamp) {
      ++dropped;
      continue;
    }
    REQUIRE(stamp->dts > last);
    last = stamp->dts;
  }
  CHECK(dropped > 100);
  CHECK(std::abs(last - 2000 * 20 * 48) < 100 * 48);
}

TEST_CASE("32-bit and 24-bit clocks wrap unnoticed") {
  const std::uint32_t start = GENERATE(0xfffffff0U, 0x00fffff0U);
  const std::uint32_t mask = start == 0x00fffff0U ? 0xffffffU : 0xffffffffU;
  Rig rig(start);
  for (std::int64_t i = 0; i < 100; ++i) {
    const auto v = rig.at(video, (start + i * 10) & mask);
    REQUIRE(v);
    CHECK(v->dts == i * 900);
    CHECK_FALSE(v->repaired);
  }
}

TEST_CASE("an honest 32-bit clock passes 2^24 ms") {
  Rig rig(0xfffff0);
  for (std::int64_t i = 0; i < 100; ++i) CHECK(rig.at(video, 0xfffff0 + i * 10)->dts == i * 900);
}

TEST_CASE("a clock that restarts goes on where it was, sound and picture together") {
  Rig rig(0, 960);
  for (std::uint32_t ms = 0; ms <= 10'000; ms += 20) {
    rig.at(video, ms);
    rig.at(audio, ms);
  }
  const auto v = rig.at(video, 7);  // both clocks are set to 7
  const auto a = rig.at(audio, 7);
  REQUIRE(v);
  REQUIRE(a);
  CHECK(v->repaired);
  CHECK(a->repaired);
  CHECK(v->dts == 10'020 * 90);
  CHECK(std::abs(a->dts - 10'020 * 48) <= 70 * 48);
  CHECK(rig.timeline.repairs() == 2);
  CHECK(rig.at(video, 27)->dts == 10'040 * 90);
}

TEST_CASE("one track's leap forward is closed up, and undone when the track comes back") {
  Rig rig(0, 960);
  std::uint32_t ms = 0;
  for (; ms <= 2'000; ms += 20) {
    rig.at(video, ms);
    rig.at(audio, ms);
  }
  for (; ms <= 3'000; ms += 20) {
    const auto v = rig.at(video, ms + 3'600'000);
    CHECK(std::abs(v->dts - ms * 90) < 90 * 40);
    rig.at(audio, ms);
  }
  const auto back = rig.at(video, ms);
  CHECK(back->repaired);
  CHECK(std::abs(back->dts - ms * 90) < 90 * 40);
}

TEST_CASE("a clock that goes back by a second or three is closed up, of all tracks or of one") {
  const std::uint32_t back = GENERATE(540u, 1'000u, 2'900u, 3'500u);
  const auto [picture, sound] = GENERATE(table<bool, bool>({{true, true}, {true, false}, {false, true}}));
  CAPTURE(back, picture, sound);
  Rig rig(0, 960);
  for (std::uint32_t ms = 0; ms <= 10'000; ms += 20) {
    const bool gone = ms >= 5'000;
    const auto v = rig.at(video, ms - (gone && picture ? back : 0));
    const auto a = rig.at(audio, ms - (gone && sound ? back : 0));
    REQUIRE(a);
    CHECK(std::abs(v->dts - ms * 90) < 90 * 40);
    CHECK(std::abs(a->dts - ms * 48) < 48 * 90);
  }
  CHECK(rig.timeline.repairs() == static_cast<unsigned>(picture) + sound);
}

TEST_CASE("a few seconds that one track alone leaps are closed up, those that all leave out at once are a hole") {
  const std::uint32_t leap = GENERATE(2'100u, 3'000u, 4'900u);
  const bool picture = GENERATE(true, false);  // leaps, or sound
  Rig rig(0, 960);
  std::uint32_t ms = 0;
  const auto both = [&](std::uint32_t video_ahead, std::uint32_t audio_ahead) {
    const auto v = rig.at(video, ms + video_ahead);
    const auto a = rig.at(audio, ms + audio_ahead);
    CHECK(std::abs(v->dts - ms * 90) < 90 * 40);
    REQUIRE(a);
    CHECK(std::abs(a->dts - ms * 48) < 48 * 90);
    rig.clock.advance(milliseconds(20));
    ms += 20;
  };
  while (ms <= 2'000) both(0, 0);
  while (ms <= 4'000) both(picture ? leap : 0, picture ? 0 : leap);
  while (ms <= 6'000) both(leap, leap);  // the other follows
  CHECK(rig.timeline.repairs() == 2);
  while (ms <= 8'000) both(0, 0);        // and both are back
  CHECK(rig.timeline.repairs() == 4);
  // Pictures are lost on the way, sound is not: its clock says so.
  for (std::uint32_t lost = 0; lost < leap; lost += 20) rig.at(audio, ms + lost);
  const auto after = rig.at(video, ms + leap);
  CHECK_FALSE(after->repaired);
  CHECK(std::abs(after->dts - (ms + leap) * 90) < 90 * 40);
}

TEST_CASE("one track's step by less than two seconds, and back: sound and picture are together again when they have caught up, and none is lost twice") {
  const std::int64_t leap = GENERATE(600, 1'000, 1'500, 1'900, -600, -1'500, -1'900);
  const bool picture = GENERATE(true, false), paced = GENERATE(true, false);
  CAPTURE(leap, picture, paced);
  Rig rig(10'000, 960);
  std::int64_t ms = 0;
  const auto together = [&](std::int64_t step) {
    const auto v = rig.at(video, static_cast<std::uint32_t>(10'000 + ms + (picture ? step : 0)));
    const auto a = rig.at(audio, static_cast<std::uint32_t>(10'000 + ms + (picture ? 0 : step)));
    REQUIRE(v);  // pictures are all kept
    const std::int64_t due = ms;
    if (paced) rig.clock.advance(milliseconds(20));
    ms += 20;
    return std::abs(v->dts - due * 90) < 90 * 40 && a && std::abs(a->dts - due * 48) < 48 * 90;
  };
  while (ms <= 2'000) CHECK(together(0));
  while (ms <= 4'000) together(leap);
  while (ms <= 4'000 + 2 * std::abs(leap) + 100) together(0);
  while (ms <= 10'000) CHECK(together(0));
}

TEST_CASE("pictures whose clock steps back a little keep their order and a distance that an encoder sees, and catch up") {
  const int back = GENERATE(10, 33, 120, 400, 499);
  const bool b_frames = GENERATE(false, true);
  const std::int64_t from = GENERATE(59, 60, 61, 62);  // of B, B, I, P
  CAPTURE(back, b_frames, from);
  Rig rig;
  std::vector<std::pair<std::int64_t, std::int64_t>> shown;  // the order that they are shown in, PTS
  std::int64_t last = -1, least = INT64_MAX;
  for (std::int64_t n = 0; n < 180; ++n) {
    const std::int64_t at = n * 33 - (n >= from ? back : 0);
    const std::int64_t ahead = !b_frames ? 0 : n % 61 == 0 ? 1 : n % 61 % 3 == 1 ? 3 : 0;  // I, then P B B
    const auto stamp = rig.at(video, static_cast<std::uint32_t>(at), static_cast<std::int32_t>(ahead * 33));
    REQUIRE(stamp);
    REQUIRE(stamp->pts >= stamp->dts);
    if (n > 0) least = std::min(least, stamp->dts - last);
    last = stamp->dts;
    shown.emplace_back(n + ahead, stamp->pts);
    if (n < from || n >= from + 2 * (back / 33 + 4)) {
      CHECK(stamp->dts == at * 90);
      CHECK(stamp->pts == (at + ahead * 33) * 90);
    }
  }
  CHECK(least >= 90 * 33 / 2 - 90);
  std::ranges::sort(shown);
  for (std::size_t i = 1; i < shown.size(); ++i) {
    INFO("picture " << i);
    CHECK(shown[i].second > shown[i - 1].second);
  }
}

TEST_CASE("one track's leap by less than two seconds is closed up at once, and a hole that comes late in one track only is kept") {
  const std::uint32_t leap = GENERATE(700u, 1'500u);
  const bool picture = GENERATE(true, false);
  const std::uint32_t late = GENERATE(0u, 400u, 1'000u);  // sound is sent so much later than its picture
  CAPTURE(leap, picture, late);
  Rig rig(10'000, 960);
  std::uint32_t ms = 0;
  const auto both = [&](std::uint32_t video_ahead, std::uint32_t audio_ahead) {
    const auto v = rig.at(video, 10'000 + ms + video_ahead);
    const bool heard = ms >= late;
    const auto a = heard ? rig.at(audio, 10'000 + ms - late + audio_ahead) : std::nullopt;
    CHECK(std::abs(v->dts - ms * 90) < 90 * 40);
    if (heard) CHECK((a && std::abs(a->dts - (ms - late) * 48) < 48 * 90));
    rig.clock.advance(milliseconds(20));
    ms += 20;
  };
  while (ms <= 3'000) both(0, 0);
  if (picture || late <= leap / 2) {  // or the picture may well be where the sound has gone
    while (ms <= 5'000) both(picture ? leap : 0, picture ? 0 : leap);
    while (ms <= 8'000) both(0, 0);
  }
  // What was held up comes at once, and pictures are missing of it.
  rig.clock.advance(milliseconds(5'000));
  for (const std::uint32_t until = ms + leap; ms < until; ms += 20) rig.at(audio, 10'000 + ms - late);
  both(0, 0);
  CHECK(rig.timeline.repairs() == (picture || late <= leap / 2 ? 2 : 0));
}

TEST_CASE("a clock that stands still while packets go on is not believed: they are a frame apart, sound and picture together") {
  const auto [picture, sound] = GENERATE(table<bool, bool>({{true, true}, {true, false}, {false, true}}));
  const bool goes_on_from_there = GENERATE(true, false);  // or as if nothing had been
  const std::int64_t stood = 6'000;
  CAPTURE(picture, sound, goes_on_from_there);
  Rig rig(1'000, 960);
  rig.timeline.set_track(video, Kind::video, 90'000, 3'000);
  std::int64_t last = -3'000;
  for (std::int64_t n = 0; n < 600; ++n) {  // pictures of 30 a second, 5 packets of sound to three of them
    const auto told = [&](std::int64_t ms, bool stands) {
      const std::int64_t from = 5'000;
      if (!stands || ms < from) return 1'000 + ms;
      return 1'000 + (ms < from + stood ? from : goes_on_from_there ? ms - stood : ms);
    };
    const std::int64_t ms = n * 100 / 3;
    const auto v = rig.at(video, static_cast<std::uint32_t>(told(ms, picture)), 66);
    REQUIRE(v);
    CHECK(std::abs(v->dts - ms * 90) <= 90 * 110);
    CAPTURE(n);
    CHECK(v->dts - last >= 90 * 15);
    CHECK(v->pts >= v->dts + 90 * 30);
    last = v->dts;
    for (std::int64_t k = (n * 5 + 2) / 3; k < (n * 5 + 7) / 3; ++k) {
      const auto a = rig.at(audio, static_cast<std::uint32_t>(told(k * 20, sound)));
      REQUIRE(a);
      CHECK(std::abs(a->dts - k * 960) <= 48 * 90);
    }
    rig.clock.advance(microseconds(33'333));
  }
  CHECK(rig.timeline.repairs() == (goes_on_from_there ? static_cast<unsigned>(picture) + sound : 0u));
}

TEST_CASE("a clock of whole seconds, or one that tells nothing at all: pictures and sound come as evenly as they were taken") {
  const std::int64_t grain = GENERATE(200, 1'000, 5'000, 1'000'000);
  CAPTURE(grain);
  Rig rig(0, 960);
  rig.timeline.set_track(video, Kind::video, 90'000, 3'000);
  SeededRandom random(5);
  std::int64_t late = 0;
  for (std::int64_t n = 0; n < 900; ++n) {
    const std::int64_t ms = n * 100 / 3;
    const std::int64_t arrives = random.below(80);  // ms after it was taken
    rig.clock.advance(milliseconds(std::max<std::int64_t>(0, 33 + arrives - late)));
    late = std::max<std::int64_t>(arrives, late - 33);
    const auto v = rig.at(video, static_cast<std::uint32_t>(ms / grain * grain));
    if (n > 30) CHECK(std::abs(v->dts - ms * 90) <= 90 * 40);
    for (std::int64_t k = (n * 5 + 2) / 3; k < (n * 5 + 7) / 3; ++k) {
      const auto a = rig.at(audio, static_cast<std::uint32_t>(k * 20 / grain * grain));
      REQUIRE(a);
      CHECK(std::abs(a->dts - k * 960) <= 48 * 90);
    }
  }
  CHECK(rig.timeline.repairs() == 0);
}

TEST_CASE("a coarse clock whose packets come all at once for each of its ticks: they are a frame apart all the same") {
  Rig rig(0, 960);
  rig.timeline.set_track(video, Kind::video, 90'000, 3'000);
  for (std::int64_t n = 0; n < 300; ++n) {
    if (n % 30 == 0 && n > 0) rig.clock.advance(milliseconds(1'000));
    const auto v = rig.at(video, static_cast<std::uint32_t>(n / 30 * 1'000));
    if (n >= 60) CHECK(std::abs(v->dts - n * 3'000) <= 90 * 2);
  }
}

TEST_CASE("slices of a picture that come as packets of one time are no pictures that a clock has not counted") {
  Rig rig;
  rig.timeline.set_track(video, Kind::video, 90'000, 3'000);
  for (std::int64_t n = 0; n < 300; ++n) {
    for (int slice = 0; slice < 4; ++slice) {
      const auto v = rig.at(video, static_cast<std::uint32_t>(n * 100 / 3));
      CHECK(std::abs(v->dts - n * 3'000) <= 90 * 501);
    }
    rig.clock.advance(microseconds(33'333));
  }
}

TEST_CASE("who tells a wrong rate and whose clock stands still gets no farther from the time than bounds say") {
  const std::uint32_t told = GENERATE(900u, 3'000u, 18'000u);  // ticks of a picture; it is 3000
  Rig rig;
  rig.timeline.set_track(video, Kind::video, 90'000, told);
  for (std::int64_t n = 0; n < 900; ++n) {
    const auto v = rig.at(video, 7);
    CHECK(v->dts - n * 3'000 <= 90 * 600);
    CHECK(n * 3'000 - v->dts <= 90 * 2'100);
    rig.clock.advance(microseconds(33'333));
  }
}

TEST_CASE("pictures that all have one time get no farther from it than jitter may be") {
  Rig rig;
  rig.at(video, 0);
  rig.at(video, 33);
  std::int64_t last = 0;
  for (int i = 0; i < 5'000; ++i) {
    const auto stamp = rig.at(video, 66);
    REQUIRE(stamp->dts > last);
    last = stamp->dts;
  }
  CHECK(last < 90 * (66 + 500) + 5'001);
}

TEST_CASE("a picture that would be shown in a distant future is shown when it is decoded") {
  Rig rig;
  CHECK(rig.at(video, 0, 4'000)->pts == 4'000 * 90);
  CHECK(rig.at(video, 40, 8'000'000)->pts == 40 * 90);
}

TEST_CASE("a gap that real time explains is kept") {
  Rig rig;
  rig.at(video, 0);
  rig.clock.advance(seconds(30));
  const auto stamp = rig.at(video, 30'000);
  CHECK_FALSE(stamp->repaired);
  CHECK(stamp->dts == 30'000 * 90);
}

TEST_CASE("a publisher that comes back goes on at the source time given to it") {
  Rig rig(0);
  rig.at(video, 0);
  rig.at(audio, 0);
  rig.at(video, 5'000);
  rig.timeline.begin(77, 12'000'000);
  rig.timeline.set_track(video, Kind::video, 90'000, 0);
  rig.timeline.set_track(audio, Kind::audio, 44'100, 1024);
  CHECK(rig.at(video, 77)->dts == 12 * 90'000);
  CHECK(rig.at(audio, 77)->dts == 12 * 44'100);
}

TEST_CASE("audio from before the first keyframe is dropped") {
  Rig rig(500);
  CHECK_FALSE(rig.at(audio, 480));
  CHECK(rig.at(audio, 500)->dts == 0);
}

TEST_CASE("a track on another clock joins where the stream is") {
  Rig rig(0);
  rig.at(video, 0);
  rig.at(video, 100);
  const auto stamp = rig.at(audio, 1'700'000'000U);
  REQUIRE(stamp);
  CHECK(stamp->repaired);
  CHECK(stamp->dts >= 0);
  CHECK(stamp->dts <= 48 * 300);
}

TEST_CASE("whatever clocks a publisher sends, DTS grows and PTS is not before it") {
  SeededRandom random(3);
  for (int run = 0; run < 200; ++run) {
    Rig rig(static_cast<std::uint32_t>(random.u64()));
    std::int64_t last[2] = {-1, -1};
    auto raw = static_cast<std::uint32_t>(random.u64());
    for (int i = 0; i < 500; ++i) {
      raw = random.below(10) == 0 ? static_cast<std::uint32_t>(random.u64()) : raw + random.below(50);
      const std::size_t track = random.below(2);
      const auto stamp = rig.at(track, raw, static_cast<std::int32_t>(random.below(1 << 24)) - (1 << 23));
      rig.clock.advance(milliseconds(random.below(60)));
      if (!stamp) continue;
      REQUIRE(stamp->dts > last[track]);
      REQUIRE(stamp->pts >= stamp->dts);
      last[track] = stamp->dts;
    }
    REQUIRE(rig.timeline.reached() < 200'000'000);  // no leap got through
  }
}

TEST_CASE("a stream of 30 hours keeps sound and picture within a frame of each other") {
  Rig rig(0xfff00000U);
  std::int64_t v = 0, a = 0;
  for (std::int64_t ms = 0; ms < 30LL * 3600 * 1000; ms += 40) {
    v = rig.at(video, static_cast<std::uint32_t>(0xfff00000U + ms))->dts;
    while (a * 1000 / 48'000 <= ms) {
      const auto stamp = rig.at(audio, static_cast<std::uint32_t>(0xfff00000U + a * 1000 / 48'000));
      REQUIRE(stamp);
      REQUIRE(stamp->dts == a);
      a += 1024;
    }
    REQUIRE(v == ms * 90);
  }
  CHECK(rig.timeline.repairs() == 0);
}

TEST_CASE("1/90000 s in 33 bits, 30 hours over its wrap: every tick arrives, sound stays on its grid") {
  constexpr std::uint64_t wrap = std::uint64_t{1} << 33;
  const std::uint64_t first = wrap - 90'000 * 60;
  FakeClock clock;
  Timeline timeline;
  timeline.begin(first, 123'457, media::mpegts_clock);  // no whole number of ticks
  timeline.set_track(video, Kind::video, 90'000, 0);
  timeline.set_track(audio, Kind::audio, 44'100, 1024);
  const auto origin = timeline.stamp(video, first, 7'507, clock.steady());
  REQUIRE(origin);
  CHECK(origin->pts - origin->dts == 7'507);
  const auto sound = timeline.stamp(audio, first, 0, clock.steady());
  REQUIRE(sound);
  const std::int64_t frames = 30LL * 3600 * 30'000 / 1001;
  std::int64_t heard = 0;
  for (std::int64_t i = 1; i < frames; ++i) {
    clock.advance(microseconds(33'366));
    const auto stamp = timeline.stamp(video, (first + static_cast<std::uint64_t>(i) * 3003) % wrap, 3003, clock.steady());
    REQUIRE(stamp);
    REQUIRE(stamp->dts == origin->dts + i * 3003);
    REQUIRE(stamp->pts == stamp->dts + 3003);
    while ((heard + 1) * 1024 * 90'000 / 44'100 <= i * 3003) {
      ++heard;
      const auto stamped = timeline.stamp(audio, (first + static_cast<std::uint64_t>(heard * 1024 * 90'000 / 44'100)) % wrap, 0, clock.steady());
      REQUIRE(stamped);
      REQUIRE(stamped->dts == sound->dts + heard * 1024);
    }
  }
  CHECK(timeline.repairs() == 0);
}

TEST_CASE("a jump of one track's 33-bit clock is closed up as one of 32 bits is") {
  FakeClock clock;
  Timeline timeline;
  timeline.begin(0, 0, media::mpegts_clock);
  timeline.set_track(video, Kind::video, 90'000, 0);
  timeline.set_track(audio, Kind::audio, 48'000, 1024);
  for (int i = 0; i < 10; ++i) {
    REQUIRE(timeline.stamp(video, static_cast<std::uint64_t>(i) * 3000, 0, clock.steady())->dts == i * 3000);
    clock.advance(milliseconds(33));
  }
  const auto jumped = timeline.stamp(video, 90'000ULL * 3600, 0, clock.steady());
  CHECK(jumped->repaired);
  CHECK(jumped->dts == 10 * 3000);
}
