// Playlists of what has been uploaded.
#include "unit/origin/origin_rig.hpp"

using namespace sluice;
using namespace sluice::origin;
using namespace sluice::origin::test;

namespace {

std::vector<hls::UploadRecord> uploads_of(const std::string& rendition, MediaSequence from, MediaSequence to) {
  std::vector<hls::UploadRecord> out;
  if (from == 0) out.emplace_back(std::in_place_type<hls::UploadedInit>, rendition, 0, 700);
  for (; from < to; ++from) out.push_back(hls::UploadedSegment{rendition, from, 4000});
  return out;
}

Options elsewhere() {
  Options options;
  options.elsewhere = {"s3://vods/2026", "https://vods.example/2026"};
  return options;
}

}  // namespace

TEST_CASE("without an address of media there are no published playlists, and whole ones name origind's own") {
  Origin origin;
  origin.ledger.segments(3);
  origin.write();
  CHECK(origin.status("/live/demo/published.m3u8") == 404);
  CHECK(origin.status(source + "published.m3u8") == 404);
  CHECK(text_of(*origin.get(source + "whole.m3u8")).find("\n2.m4s\n") != std::string::npos);
}

TEST_CASE("published playlists list a segment once it is uploaded, by its address there, and never otherwise") {
  Origin origin(elsewhere());
  origin.ledger.segments(3);
  origin.write();
  const auto waiting = origin.get(source + "published.m3u8");
  CHECK_FALSE(waiting->has_value());
  origin.uploaded({hls::UploadPlace{"s3://vods/2026"}});
  origin.uploaded(uploads_of("source", 0, 2));
  const std::string first = text_of(*waiting);
  CHECK(first.find("\nhttps://vods.example/2026/demo/s1/source/1.m4s\n") != std::string::npos);
  CHECK(first.find("URI=\"https://vods.example/2026/demo/s1/source/init-0.mp4\"") != std::string::npos);
  CHECK(first.find("2.m4s") == std::string::npos);
  CHECK(first.find("ENDLIST") == std::string::npos);
  CHECK(text_of(*origin.get(source + "whole.m3u8")).find("/source/1.m4s\n") != std::string::npos);
  CHECK(text_of(*origin.get(source + "playlist.m3u8")).find("\n2.m4s\n") != std::string::npos);
  origin.ledger.end();
  origin.write();
  CHECK(text_of(*origin.get(source + "published.m3u8")).find("ENDLIST") == std::string::npos);
  origin.uploaded(uploads_of("source", 2, 3));
  origin.uploaded(uploads_of("low", 0, 3));
  origin.uploaded(uploads_of("audio", 0, 3));
  const auto last = origin.get(source + "published.m3u8");
  CHECK(text_of(*last).ends_with("/source/2.m4s\n#EXT-X-ENDLIST\n"));
  CHECK(header(*last, "Cache-Control") == "public, max-age=600");
  CHECK(text_of(*origin.get(source + "whole.m3u8")).find("PLAYLIST-TYPE:VOD") != std::string::npos);
}

TEST_CASE("a published master waits for every rendition, and names no late one") {
  Origin origin(elsewhere());
  origin.ledger.segments(3);
  origin.write();
  const auto live = origin.get("/live/demo/published.m3u8"), whole = origin.get("/vod/demo/s1/master.m3u8");
  origin.uploaded({hls::UploadPlace{"s3://vods/2026"}});
  origin.uploaded(uploads_of("source", 0, 1));
  CHECK_FALSE(live->has_value());
  origin.uploaded(uploads_of("source", 1, 2));
  CHECK(text_of(*live).find("\ns1/source/published.m3u8\n") != std::string::npos);
  CHECK(text_of(*live).find("low") == std::string::npos);
  CHECK(text_of(*whole).find("\n../../../live/demo/s1/source/whole.m3u8\n") != std::string::npos);
  origin.uploaded(uploads_of("low", 0, 1));
  origin.uploaded(uploads_of("audio", 0, 1));
  CHECK(text_of(*origin.get("/live/demo/published.m3u8")).find("s1/low/published.m3u8") != std::string::npos);
}

TEST_CASE("what is uploaded to another place than the address shows is never listed by it") {
  Origin origin(elsewhere());
  origin.ledger.segments(3).end();
  origin.write();
  const auto waiting = origin.get(source + "published.m3u8"), whole = origin.get(source + "whole.m3u8");
  CHECK_FALSE(waiting->has_value());
  origin.uploaded({hls::UploadPlace{"s3://vods/2025"}});
  origin.uploaded(uploads_of("source", 0, 3));
  REQUIRE(waiting->has_value());
  CHECK((*waiting)->status == 404);
  CHECK(std::get<std::string>((*waiting)->body).find("2025") == std::string::npos);  // a bucket's name is nobody's business
  CHECK((*whole)->status == 503);
  CHECK(header(*whole, "Retry-After") == "1");
  CHECK(origin.status("/live/demo/published.m3u8") == 404);
  // It has its own media, and that is here.
  CHECK(text_of(*origin.get(source + "whole.m3u8")).find("\n2.m4s\n") != std::string::npos);
  CHECK(origin.status("/vod/demo/s1/master.m3u8") == 200);
}

TEST_CASE("a record that was cut back takes back what is listed no more, and goes on") {
  Origin origin(elsewhere());
  origin.ledger.segments(5);
  origin.write();
  origin.uploaded({hls::UploadPlace{"s3://vods/2026"}});
  origin.uploaded(uploads_of("source", 0, 4));
  CHECK(text_of(*origin.get(source + "published.m3u8")).find("/source/3.m4s\n") != std::string::npos);
  origin.uploaded_anew(hls::UploadPlace{"s3://vods/2026"}, uploads_of("source", 0, 2));
  const std::string cut = text_of(*origin.get(source + "published.m3u8"));
  CHECK(cut.find("/source/1.m4s\n") != std::string::npos);
  CHECK(cut.find("/source/2.m4s\n") == std::string::npos);
  origin.uploaded(uploads_of("source", 2, 5));
  CHECK(text_of(*origin.get(source + "published.m3u8")).find("/source/4.m4s\n") != std::string::npos);
}

TEST_CASE("who waits for an upload that does not come is told so") {
  Origin origin(elsewhere());
  origin.ledger.segments(3);
  origin.write();
  const auto waiting = origin.get("/live/demo/published.m3u8");
  origin.clock.advance(seconds(7));
  origin.service->tick();
  REQUIRE(waiting->has_value());
  CHECK((*waiting)->status == 503);
}
