#include "pipe/container_timeline.hpp"

#include <catch2/catch.hpp>

#include "pipe/container_times.hpp"

using namespace sluice;
using pipe::ContainerTimeline;

namespace {

constexpr std::size_t video = 0, audio = 1;
constexpr std::uint32_t rate = 44'100;

std::vector<media::Track> tracks() {
  std::vector<media::Track> both(2);
  both[video].codec = media::Codec::h264;
  both[audio].codec = media::Codec::aac;
  both[audio].timescale = both[audio].sample_rate = rate;
  return both;
}

// A stream of 50 frames a second on both tracks from `first` on, in milliseconds, as a file that is read at once.
struct Rig {
  explicit Rig(std::int64_t first_ms) : first(first_ms), timeline(tracks(), first_ms * 1000) {}
  std::int64_t first;
  FakeClock clock;
  ContainerTimeline timeline;

  // Where a frame lands, in milliseconds of the stream, whose container's clock says so much.
  std::int64_t at(std::size_t track, std::int64_t ms) {
    const std::uint32_t scale = tracks()[track].timescale;
    media::Packet packet{.track = track};
    packet.dts = packet.pts = media::rescale(first + ms, 1000, scale);
    REQUIRE(timeline.place(packet, clock.steady()));
    CHECK(packet.pts == packet.dts);
    return media::rescale(packet.dts, scale, 1000);
  }
  void both(std::int64_t from, std::int64_t until, std::int64_t picture = 0, std::int64_t sound = 0) {
    for (std::int64_t ms = from; ms < until; ms += 20) {
      INFO(ms);
      CHECK(std::abs(at(video, ms + picture) - ms) <= 21);
      CHECK(std::abs(at(audio, ms + sound) - ms) <= 21);
    }
  }
};
}  // namespace

TEST_CASE("a container without leaps has its times moved to begin at 0, and nothing else") {
  const std::int64_t first_us = GENERATE(0, -23'220, 1'400'000, 95'443'717'689);
  ContainerTimeline timeline(tracks(), first_us);
  FakeClock clock;
  for (std::int64_t n = 0; n < 5'000; ++n) {
    media::Packet sound{.track = audio}, picture{.track = video};
    sound.dts = sound.pts = media::rescale(first_us, 1'000'000, rate) + n * 1024;
    picture.dts = media::rescale(first_us, 1'000'000, 90'000) + n * 1501;
    picture.pts = picture.dts + n % 7 * 3003;
    REQUIRE(timeline.place(sound, clock.steady()));
    REQUIRE(timeline.place(picture, clock.steady()));
    CHECK(sound.dts == n * 1024);
    CHECK(picture.dts == n * 1501);
    CHECK(picture.pts == n * 1501 + n % 7 * 3003);
  }
  CHECK(timeline.repairs() == 0);
}

TEST_CASE("one track's leap is closed up in a container, and undone when the track comes back") {
  const std::int64_t leap = GENERATE(3'000, 10'000, 30'000, 59'000, 3'600'000);
  const bool picture = GENERATE(true, false);
  CAPTURE(leap, picture);
  Rig rig(700);
  rig.both(0, 5'000);
  rig.both(5'000, 8'000, picture ? leap : 0, picture ? 0 : leap);
  rig.both(8'000, 9'000);
  CHECK(rig.timeline.repairs() == 2);
}

TEST_CASE("a leap of all tracks of a container is closed up for all, unless the time has passed") {
  const std::int64_t leap = GENERATE(-700'000, -3'000, 4'000, 40'000);
  CAPTURE(leap);
  Rig rig(900'000);
  rig.both(0, 5'000);
  rig.both(5'000, 6'000, leap, leap);
  CHECK(rig.timeline.repairs() == 2);
  rig.clock.advance(milliseconds(30'000));
  CHECK(std::abs(rig.at(video, 36'000 + leap) - 36'000) <= 21);
  CHECK(std::abs(rig.at(audio, 36'000 + leap) - 36'000) <= 21);
  CHECK(rig.timeline.repairs() == 2);
}

TEST_CASE("a hole of one track, over which the other goes on, is no leap, however fast the container is read") {
  const std::int64_t hole = GENERATE(1'000, 3'000, 8'000, 50'000);
  Rig rig(0);
  rig.both(0, 5'000);
  for (std::int64_t ms = 5'000; ms < 5'000 + hole; ms += 20) CHECK(rig.at(audio, ms) == ms);
  rig.both(5'000 + hole, 7'000 + hole);
  CHECK(rig.timeline.repairs() == 0);
}

TEST_CASE("small steps back of a container's times are mended where they stand, leaps are left") {
  pipe::ContainerTimes times;
  const media::Track track = tracks()[video];
  media::Packet packet;
  CHECK_FALSE(times.set(packet, track, 900'000, 900'000, 90));
  CHECK(times.set(packet, track, 890'000, 890'000, 90));
  CHECK(packet.dts == 900'001);
  CHECK_FALSE(times.set(packet, track, 90'000, 90'000, 90));
  CHECK(packet.dts == 90'000);
}
