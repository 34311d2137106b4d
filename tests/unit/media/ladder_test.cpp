#include <catch2/catch.hpp>

#include "media/ladder.hpp"

using namespace sluice::media;

namespace {
Track source(std::uint32_t width, std::uint32_t height, std::int64_t fps) {
  Track track;
  track.width = width;
  track.height = height;
  track.frame_rate = {fps, 1};
  return track;
}
std::string names(const Ladder& ladder) {
  std::string text = ladder.source ? "source" : "";
  for (const Rung& rung : ladder.rungs) text += " " + rung.name;
  return text;
}
Ladder automatic(Track track, unsigned cores, bool encode_source = false) {
  return choose_ladder(*parse_ladder("auto"), track, cores, encode_source);
}
}  // namespace

TEST_CASE("the automatic ladder stays below the source and within the machine") {
  CHECK(names(automatic(source(1280, 720, 30), 2)) == "source 480p30 360p30");
  CHECK(names(automatic(source(640, 360, 30), 2)) == "source");
  CHECK(names(automatic(source(1920, 1080, 60), 16)) == "source 720p60 720p30 480p30 360p30");
  CHECK(names(automatic(source(1920, 1080, 30), 16)) == "source 720p30 480p30 360p30");
  CHECK(names(automatic(source(1920, 1080, 30), 2)) == "source 480p30 360p30");
  CHECK(names(automatic(source(1280, 720, 30), 2, true)) == "source 360p30");
  CHECK(names(automatic(source(1920, 1080, 60), 1)) == "source");
}

TEST_CASE("a source that not every player has gets a rung that all have") {
  const auto hevc = [](std::uint32_t width, std::uint32_t height, std::int64_t fps) {
    Track track = source(width, height, fps);
    track.codec = Codec::hevc;
    return track;
  };
  CHECK(names(automatic(hevc(640, 360, 30), 2)) == "source 360p30");
  CHECK(names(automatic(hevc(320, 180, 60), 2)) == "source 180p60");
  CHECK(names(automatic(hevc(1280, 720, 30), 16)) == "source 720p30 480p30 360p30");
  CHECK(names(automatic(hevc(3840, 2160, 60), 1)) == "source 360p30");
  CHECK(names(automatic(hevc(640, 360, 30), 2, true)) == "source");
}

TEST_CASE("rungs above the source are left out and named") {
  const auto ladder = choose_ladder(*parse_ladder("1080p30:6000,720p60,480p30:1200,source"), source(1280, 720, 30), 2, false);
  CHECK(names(ladder) == "source 480p30");
  CHECK(ladder.left_out == std::vector<std::string>{"1080p30", "720p60"});
  CHECK(ladder.rungs[0].bitrate == 1'200'000);
  CHECK(ladder.rungs[0].width == 854);
}

TEST_CASE("each rung is scaled from the nearest larger one that has its frames") {
  const auto ladder = choose_ladder(*parse_ladder("360p30,720p60,480p60,720p30"), source(1920, 1080, 60), 2, false);
  REQUIRE(names(ladder) == " 720p60 720p30 480p60 360p30");
  CHECK_FALSE(ladder.rungs[0].parent);
  CHECK(ladder.rungs[1].parent == 0u);
  CHECK(ladder.rungs[2].parent == 0u);
  CHECK(ladder.rungs[3].parent == 2u);
}

TEST_CASE("rates of the usual rungs") {
  CHECK(usual_bitrate(1080, 60) == 6'000'000);
  CHECK(usual_bitrate(720, 60) == 4'500'000);
  CHECK(usual_bitrate(720, 30) == 3'000'000);
  CHECK(usual_bitrate(480, 30) == 1'500'000);
  CHECK(usual_bitrate(360, 30) == 800'000);
  CHECK(usual_bitrate(540, 30) > 1'500'000);
  CHECK(usual_bitrate(540, 30) < 3'000'000);
}

TEST_CASE("sound alone goes along with any ladder and changes nothing else of it") {
  for (const char* text : {"auto", "none", "720p30:3000,480p30,source"}) {
    const auto plain = parse_ladder(text), with = parse_ladder(std::string(text) + ",audio");
    REQUIRE(plain);
    REQUIRE(with);
    CHECK_FALSE(plain->audio);
    CHECK(with->audio);
    auto rest = *with;
    rest.audio = false;
    CHECK(rest == *plain);
  }
  CHECK(parse_ladder("audio, 360p30 ,source")->audio);
}

TEST_CASE("a specification that makes no sense is refused with a hint") {
  for (const char* text : {"", "720", "720p", "p30", "720p30:", "720p30:x", "721p30", "720p30:3000:1", "720p30,720p30:1", "720p0", "audio", "auto,480p30", "none,source"}) {
    INFO(text);
    const auto spec = parse_ladder(text);
    REQUIRE_FALSE(spec);
    CHECK(spec.error().code == sluice::Errc::usage);
  }
  CHECK(parse_ladder("none")->kind == LadderSpec::Kind::none);
  CHECK(names(choose_ladder(*parse_ladder("none"), source(1920, 1080, 30), 8, false)) == "source");
}
