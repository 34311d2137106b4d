#include <catch2/catch.hpp>

#include "hls/playlist_writer.hpp"
#include "hls/storyboard.hpp"
#include "unit/hls/sample_ledger.hpp"

using namespace sluice;
using namespace sluice::hls;

namespace {

std::vector<MediaSequence> segments(const std::vector<Tile>& tiles) {
  std::vector<MediaSequence> out;
  for (const Tile& tile : tiles) out.push_back(tile.msn);
  return out;
}

}  // namespace

TEST_CASE("every interval has the first keyframe in it, from the smallest rendition that is wide enough") {
  SampleLedger ledger;
  ledger.segments(13);  // 26 s
  const auto found = tiles(ledger.stream(), {}, 0, 100);
  CHECK(segments(found) == std::vector<MediaSequence>{0, 5, 10});
  CHECK(found[1].rendition == "low");
  CHECK(found[1].at_s == 10.0);
  StoryboardGrid wide;
  wide.tile_width = 642;
  CHECK(tiles(ledger.stream(), wide, 0, 1)[0].rendition == "source");
  wide.tile_width = 4000;
  CHECK(tiles(ledger.stream(), wide, 0, 1)[0].rendition == "source");
  CHECK(segments(tiles(ledger.stream(), {}, 1, 2)) == std::vector<MediaSequence>{5});
}

TEST_CASE("where the small rendition was shed the picture comes from another; where no segment begins with a keyframe there is none") {
  SampleLedger ledger;
  ledger.segments(5).shed(true).gap(true).segments(5).gap(false).shed(false).independent(false).segments(5).independent(true).segments(5);
  const auto found = tiles(ledger.stream(), {}, 0, 100);
  REQUIRE(segments(found) == std::vector<MediaSequence>{0, 5, 15});
  CHECK(found[0].rendition == "low");
  CHECK(found[1].rendition == "source");
  CHECK(found[2].slot == 3);
}

TEST_CASE("a sheet is whole when its time has passed and nothing of it was removed") {
  SampleLedger ledger;
  StoryboardGrid grid;
  grid.columns = 2;
  grid.rows = 1;  // 20 s a sheet
  ledger.segments(10);
  CHECK_FALSE(sheet_is_whole(ledger.stream(), grid, 0));
  ledger.segments(16);
  CHECK(sheet_is_whole(ledger.stream(), grid, 0));
  CHECK_FALSE(sheet_is_whole(ledger.stream(), grid, 1));
  ledger.remove_before(3);
  CHECK_FALSE(sheet_is_whole(ledger.stream(), grid, 0));
  CHECK(segments(tiles_of_sheet(ledger.stream(), grid, 0)) == std::vector<MediaSequence>{3, 5});
  ledger.remove_before(12);
  CHECK(tiles_of_sheet(ledger.stream(), grid, 0).empty());
  ledger.end();
  CHECK(sheet_is_whole(ledger.stream(), grid, 2));
  CHECK(tiles_of_sheet(ledger.stream(), grid, 7).empty());
  CHECK(tiles_of_sheet(ledger.stream(), grid, ~0ULL).empty());
}

TEST_CASE("the last segment of a rendition that is long gone keeps no sheet whole, and is no picture") {
  SampleLedger ledger;
  StoryboardGrid grid;
  grid.columns = 2;
  grid.rows = 1;  // 20 s a sheet
  ledger.segments(1).gone().segments(30).remove_before(6);
  REQUIRE(ledger.rendition("low").segments.front().msn == 0);
  CHECK_FALSE(sheet_is_whole(ledger.stream(), grid, 0));
  CHECK(segments(tiles_of_sheet(ledger.stream(), grid, 0)) == std::vector<MediaSequence>{6});
  CHECK(newest_keyframe(ledger.stream(), 160).rendition == "source");
}

TEST_CASE("the track tells each picture's time and place") {
  SampleLedger ledger;
  ledger.segments(13);
  CHECK(storyboard_track(ledger.stream(), {}) ==
        "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\nNOTE Time 0 is 2025-11-22T14:00:00.000Z.\n"
        "\n00:00:00.000 --> 00:00:10.000\nstoryboard-0.jpg#xywh=0,0,160,90\n"
        "\n00:00:10.000 --> 00:00:20.000\nstoryboard-0.jpg#xywh=160,0,160,90\n"
        "\n00:00:20.000 --> 00:00:26.000\nstoryboard-0.jpg#xywh=320,0,160,90\n");
  StoryboardGrid grid;
  grid.columns = grid.rows = 1;
  CHECK(storyboard_track(ledger.stream(), grid).find("storyboard-2.jpg#xywh=0,0,160,90") != std::string::npos);
}

TEST_CASE("the newest keyframe is of a finished segment") {
  SampleLedger ledger;
  CHECK(newest_keyframe(ledger.stream(), 480).rendition.empty());
  ledger.parts(2);
  CHECK(newest_keyframe(ledger.stream(), 480).rendition.empty());
  ledger.parts(6);
  CHECK(newest_keyframe(ledger.stream(), 480).msn == 1);
  CHECK(newest_keyframe(ledger.stream(), 480).rendition == "low");
  ledger.shed(true).gap(true).segments(20);
  CHECK(newest_keyframe(ledger.stream(), 480).rendition == "source");
}

TEST_CASE("what is shown later than it is decoded has its picture's time in PROGRAM-DATE-TIME and on the track") {
  StreamView stream;
  stream.apply(LedgerHeader{StreamId("s1"), "demo", 1'763'820'000'000, 2000, 500, 533'334, 2, Format::cmaf}, 100);
  stream.apply(RenditionRecord{"source", 0, media::Kind::video, "avc1.64001f", 90'000, 1280, 720, {30, 1}, 0, 0, 0, 0}, 100);
  Part part;
  part.duration = 180'000;
  part.bytes = 10;
  part.init = 0;
  part.flags = {true, true, false, false};
  part.composition = 6'000;
  const std::string line = format_record(PartRecord{"source", part});
  const auto read = parse_record(std::string_view(line).substr(0, line.size() - 1));
  REQUIRE(read);
  CHECK(std::get<PartRecord>(*read).part == part);
  stream.apply(*read, 100);
  CHECK(whole_playlist(stream, stream.renditions[0]).find("#EXT-X-PROGRAM-DATE-TIME:2025-11-22T14:00:00.067Z") != std::string::npos);
  CHECK(tiles(stream, {}, 0, 1)[0].at_s == Approx(0.0667).margin(0.0001));
}
