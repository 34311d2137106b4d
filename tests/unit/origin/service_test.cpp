// Live and whole playlists, parts, segments, and who waits for them.
#include "unit/origin/origin_rig.hpp"

using namespace sluice;
using namespace sluice::origin;
using namespace sluice::origin::test;

TEST_CASE("a live channel's master names its renditions; an offline one's is 404 with Retry-After") {
  Origin origin;
  origin.ledger.segments(2);
  origin.write();
  const auto master = origin.get("/live/demo/master.m3u8");
  CHECK(text_of(*master).find("s1/source/playlist.m3u8\n") != std::string::npos);
  CHECK(header(*master, "Cache-Control") == "public, max-age=1");
  const auto offline = origin.get("/live/nobody/master.m3u8");
  REQUIRE(*offline);
  CHECK((*offline)->status == 404);
  CHECK(header(*offline, "Retry-After") == "5");
  CHECK(std::get<std::string>((*offline)->body).find("OFFLINE") != std::string::npos);
}

TEST_CASE("a stream stays watchable by its id when the channel has gone offline, and not under another channel") {
  Origin origin;
  origin.ledger.segments(7).end();
  origin.write();
  std::filesystem::remove(origin.root_ + "/live/demo");
  CHECK(origin.status("/live/demo/master.m3u8") == 404);
  const auto playlist = origin.get(source + "playlist.m3u8");
  CHECK(text_of(*playlist).ends_with("#EXT-X-ENDLIST\n"));
  CHECK(header(*playlist, "Cache-Control") == "public, max-age=12");
  CHECK(origin.status("/live/other/s1/source/playlist.m3u8") == 404);
  CHECK(origin.status("/live/demo/s2/source/playlist.m3u8") == 404);
  const auto master = origin.get("/vod/demo/s1/master.m3u8");
  CHECK(text_of(*master).find("\n../../../live/demo/s1/source/whole.m3u8\n") != std::string::npos);
  CHECK(text_of(*origin.get(source + "whole.m3u8")).find("PLAYLIST-TYPE:VOD") != std::string::npos);
}

TEST_CASE("a ledger standing alone is served under the name of its folder") {
  Origin origin;
  origin.ledger.segments(7);
  origin.write();
  std::filesystem::create_directory_symlink("../ledgers/s1", origin.root_ + "/live/alone");
  origin.service.emplace(Places{origin.root_ + "/live", ""}, Options{}, origin.clock, *os::Inotify::open());
  CHECK(origin.status("/live/alone/master.m3u8") == 200);
  CHECK(origin.status("/live/alone/s1/source/playlist.m3u8") == 200);
}

TEST_CASE("a blocked playlist is answered by the part it waits for, drawn once for all") {
  Origin origin;
  origin.ledger.segments(3);
  origin.write();
  const auto first = origin.get(source + "playlist.m3u8?_HLS_msn=3&_HLS_part=0");
  const auto second = origin.get(source + "playlist.m3u8?_HLS_msn=3&_HLS_part=0");
  const auto later = origin.get(source + "playlist.m3u8?_HLS_msn=3&_HLS_part=1");
  CHECK_FALSE(*first);
  CHECK(origin.service->waiting() == 3);
  origin.ledger.parts(1);
  origin.write();
  CHECK(text_of(*first).find("URI=\"3.0.m4s\",INDEPENDENT=YES") != std::string::npos);
  CHECK(std::get<SharedBytes>((*first)->body) == std::get<SharedBytes>((*second)->body));
  CHECK(header(*first, "Cache-Control") == "public, max-age=12");
  CHECK_FALSE(*later);
  CHECK(origin.service->waiting() == 1);
}

TEST_CASE("a stream that stops growing answers 503 after three target durations, and ENDLIST frees all at once") {
  Origin origin;
  origin.ledger.segments(3);
  origin.write();
  const auto blocked = origin.get(source + "playlist.m3u8?_HLS_msn=3");
  origin.clock.advance(seconds(5));
  origin.service->tick();
  CHECK_FALSE(*blocked);
  const auto late = origin.get(source + "playlist.m3u8?_HLS_msn=3");
  origin.clock.advance(seconds(1));
  origin.service->tick();
  REQUIRE(*blocked);
  CHECK((*blocked)->status == 503);
  CHECK(header(*blocked, "Cache-Control") == "public, max-age=1");
  CHECK_FALSE(*late);
  origin.ledger.end();
  origin.write();
  CHECK(text_of(*late).ends_with("#EXT-X-ENDLIST\n"));
}

TEST_CASE("directives out of reason are bad requests") {
  Origin origin;
  origin.ledger.segments(3);
  origin.write();
  CHECK(origin.status(source + "playlist.m3u8?_HLS_part=0") == 400);
  CHECK(origin.status(source + "playlist.m3u8?_HLS_msn=x") == 400);
  CHECK(origin.status(source + "playlist.m3u8?_HLS_msn=5") == 400);
  CHECK(origin.status(source + "playlist.m3u8?_HLS_msn=3&_HLS_part=9") == 400);
}

TEST_CASE("delta updates by _HLS_skip") {
  Origin origin;
  origin.ledger.segments(15);
  origin.write();
  CHECK(text_of(*origin.get(source + "playlist.m3u8?_HLS_skip=YES")).find("#EXT-X-SKIP:SKIPPED-SEGMENTS=8\n") != std::string::npos);
  CHECK(text_of(*origin.get(source + "playlist.m3u8")).find("SKIP:") == std::string::npos);
}

TEST_CASE("a hinted part waits and is answered whole; parts, segments and headers are files") {
  Origin origin;
  origin.ledger.segments(3).parts(1);
  origin.write();
  origin.media("source/3.m4s", 4000);
  origin.media("source/2.m4s", 4000);
  origin.media("source/init-0.mp4", 700);
  const auto hinted = origin.get(source + "3.1.m4s");
  CHECK_FALSE(*hinted);
  origin.ledger.parts(1);
  origin.write();
  REQUIRE(*hinted);
  const auto& range = std::get<net::FileRange>((*hinted)->body);
  CHECK(range.offset == 1000);
  CHECK(range.size == 1000);
  CHECK(header(*hinted, "Cache-Control") == "public, max-age=31536000, immutable");
  CHECK(header(*hinted, "Content-Type") == "video/mp4");

  CHECK(std::get<net::FileRange>((**origin.get(source + "2.m4s")).body).size == 4000);
  CHECK(std::get<net::FileRange>((**origin.get(source + "init-0.mp4")).body).size == 700);
  CHECK(origin.status(source + "3.m4s") == 404);       // not finished
  CHECK(origin.status(source + "3.3.m4s") == 404);     // not hinted
  CHECK(origin.status(source + "init-1.mp4") == 404);
  CHECK(origin.status(source + "2.ts") == 404);
  CHECK(origin.status("/live/demo/s1/nothing/2.m4s") == 404);
  CHECK(origin.status(source + "1.m4s") == 404);       // its file is gone
}

TEST_CASE("a gap has no bytes to give") {
  Origin origin;
  origin.ledger.gap(true).segments(2);
  origin.write();
  CHECK(origin.status("/live/demo/s1/low/0.m4s") == 404);
  CHECK(origin.status("/live/demo/s1/low/0.0.m4s") == 404);
}

TEST_CASE("a stream that is just beginning is waited for: its master, its first segment") {
  Origin origin;
  const auto master = origin.get("/live/demo/master.m3u8");
  const auto playlist = origin.get(source + "playlist.m3u8");
  CHECK_FALSE(*master);
  CHECK_FALSE(*playlist);
  origin.ledger.parts(1);
  origin.write();
  CHECK((*master)->status == 200);
  CHECK_FALSE(*playlist);
  origin.ledger.parts(3);
  origin.write();
  CHECK(text_of(*playlist).find("#EXTINF:2.0") != std::string::npos);
}

TEST_CASE("methods, CORS and what is not there") {
  Origin origin;
  origin.ledger.segments(2);
  origin.write();
  const auto options = origin.get(source + "playlist.m3u8", {}, "OPTIONS");
  CHECK((*options)->status == 204);
  CHECK(header(*options, "Access-Control-Allow-Methods") == "GET, HEAD, OPTIONS");
  const auto post = origin.get(source + "playlist.m3u8", {}, "POST");
  CHECK((*post)->status == 405);
  CHECK(header(*post, "Allow") == "GET, HEAD, OPTIONS");
  CHECK(origin.status("/live/demo/s1/source/index") == 404);
  CHECK(origin.status("/") == 404);
}

TEST_CASE("only so many may wait") {
  Origin origin(Options{.most_waiting = 2});
  origin.ledger.segments(2);
  origin.write();
  const auto one = origin.get(source + "playlist.m3u8?_HLS_msn=2");
  const auto two = origin.get(source + "playlist.m3u8?_HLS_msn=2");
  CHECK(origin.status(source + "playlist.m3u8?_HLS_msn=2") == 503);
  origin.service->drain();
  CHECK((*one)->status == 503);
  CHECK(origin.service->waiting() == 0);
}

TEST_CASE("ledgers nobody asks for are closed, and opened again") {
  Origin origin;
  origin.ledger.segments(2);
  origin.write();
  CHECK(origin.status("/live/demo/master.m3u8") == 200);
  CHECK(origin.service->open_streams() == 1);
  origin.clock.advance(seconds(61));
  origin.service->tick();
  CHECK(origin.service->open_streams() == 0);
  CHECK(origin.status("/live/demo/master.m3u8") == 200);
}

TEST_CASE("a folder used again for another stream is seen") {
  Origin origin;
  origin.ledger.segments(2);
  origin.write();
  const auto blocked = origin.get(source + "playlist.m3u8?_HLS_msn=2");
  std::filesystem::remove(origin.root_ + "/ledgers/s1/index");
  origin.service->read_changes();
  CHECK((*blocked)->status == 503);
  CHECK(origin.service->open_streams() == 0);
}

TEST_CASE("full addresses when the public one is given") {
  Origin origin(Options{.public_url = "https://cdn.example"});
  origin.ledger.segments(2);
  origin.write();
  CHECK(text_of(*origin.get("/live/demo/master.m3u8")).find("\nhttps://cdn.example/live/demo/s1/source/playlist.m3u8\n") != std::string::npos);
}

TEST_CASE("open files that have been removed are closed, so that the disk gets their space back") {
  char folder[] = "/tmp/sluice-files-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  const std::string kept = std::string(folder) + "/kept", gone = std::string(folder) + "/gone";
  OpenFiles files(10);
  for (const std::string& path : {kept, gone}) {
    REQUIRE(os::write_file_atomically(path, "x"));
    REQUIRE(files.open(path));
  }
  ::unlink(gone.c_str());
  files.drop_removed();
  CHECK(files.size() == 1);
  CHECK(files.open(kept));
  CHECK(files.open(gone).error().code == Errc::not_found);
  std::filesystem::remove_all(folder);
}
