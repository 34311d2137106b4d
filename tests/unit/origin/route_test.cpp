#include <catch2/catch.hpp>

#include "origin/route.hpp"

using namespace sluice;
using namespace sluice::origin;

TEST_CASE("every resource has its address") {
  CHECK(parse_route("/live/demo/master.m3u8")->resource == Resource::live_master);
  CHECK(parse_route("/vod/demo/s1/master.m3u8")->resource == Resource::whole_master);
  CHECK(parse_route("/live/Demo_1/s1/source/playlist.m3u8")->resource == Resource::live_playlist);
  CHECK(parse_route("/live/demo/s1/source/whole.m3u8")->resource == Resource::whole_playlist);
  const auto init = parse_route("/live/demo/s1/720p30/init-2.mp4");
  REQUIRE(init);
  CHECK(init->resource == Resource::init);
  CHECK(init->number == 2);
  const auto segment = parse_route("/live/demo/s1/720p30/123.m4s");
  REQUIRE(segment);
  CHECK(segment->resource == Resource::segment);
  CHECK(segment->number == 123);
  CHECK(segment->extension == "m4s");
  const auto part = parse_route("/live/demo/s1/720p30/123.4.ts");
  REQUIRE(part);
  CHECK(part->resource == Resource::part);
  CHECK(part->part == 4);
  CHECK(part->rendition == "720p30");
  CHECK(parse_route("/live/demo/published.m3u8")->resource == Resource::published_master);
  CHECK(parse_route("/live/demo/s1/source/published.m3u8")->resource == Resource::published_playlist);
  CHECK(parse_route("/live/demo/thumbnail.jpg")->resource == Resource::thumbnail);
  CHECK(parse_route("/live/demo/s1/window.json")->resource == Resource::window);
  CHECK(parse_route("/live/demo/s1/storyboard.vtt")->resource == Resource::storyboard);
  const auto sheet = parse_route("/live/demo/s1/storyboard-12.jpg");
  REQUIRE(sheet);
  CHECK(sheet->resource == Resource::sheet);
  CHECK(sheet->number == 12);
  CHECK(sheet->stream == "s1");
}

TEST_CASE("nothing else is an address: no way out of a ledger, one spelling for each resource") {
  for (const char* path :
       {"", "/", "/live", "/live/demo", "/live/demo/", "/live//master.m3u8", "/live/../master.m3u8", "/live/./master.m3u8",
        "/live/demo/../s1/source/0.m4s", "/live/demo/s1/../0.m4s", "/live/demo/s1/source/../index", "/live/demo/s1/source/index",
        "/live/demo/S1/source/0.m4s", "/live/demo/s1/source/00.m4s", "/live/demo/s1/source/0.01.m4s",
        "/live/demo/s1/source/-1.m4s", "/live/demo/s1/source/+1.m4s", "/live/demo/s1/source/1.2.3.m4s",
        "/live/demo/s1/source/.m4s", "/live/demo/s1/source/1..m4s", "/live/demo/s1/source/init-.mp4",
        "/live/demo/s1/source/init-4294967296.mp4", "/live/demo/s1/source/99999999999999999999999.m4s",
        "/live/de\xc3\xa9mo/master.m3u8", "/vod/demo/s1/source/playlist.m3u8", "live/demo/master.m3u8", "/live/demo/s1/lock",
        "/live/demo/s1/source/0.m4s/", "/LIVE/demo/master.m3u8",
        "/vod/demo/thumbnail.jpg", "/live/demo/s1/storyboard-.jpg", "/live/demo/s1/storyboard-01.jpg", "/live/demo/s1/storyboard-x.jpg",
        "/live/demo/s1/storyboard-99999999999999999999.jpg", "/live/demo/s1/storyboard.jpg", "/vod/demo/s1/window.json", "/live/demo/s1/thumbnail.jpg"}) {
    INFO(path);
    CHECK_FALSE(parse_route(path));
  }
  CHECK_FALSE(parse_route(std::string("/live/de\0mo/master.m3u8", 23)));
  CHECK_FALSE(parse_route("/live/" + std::string(65, 'a') + "/master.m3u8"));
}
