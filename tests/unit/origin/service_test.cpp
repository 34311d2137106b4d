#include <catch2/catch.hpp>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "base/text.hpp"
#include "hls/uploads.hpp"
#include "origin/service.hpp"
#include "os/file.hpp"
#include "unit/hls/sample_ledger.hpp"

using namespace sluice;
using namespace sluice::origin;

namespace {

// A platform's directories with one ledger that grows, a service, and its answers.
class Origin {
 public:
  explicit Origin(Options options = {}) {
    char path[] = "/tmp/sluice-origin-XXXXXX";
    root_ = ::mkdtemp(path);
    for (const char* folder : {"/live", "/ledgers/s1/source", "/ledgers/s1/low", "/ledgers/s1/audio"}) {
      std::filesystem::create_directories(root_ + folder);
    }
    std::filesystem::create_directory_symlink("../ledgers/s1", root_ + "/live/demo");
    service.emplace(Places{root_ + "/live", root_ + "/ledgers"}, options, clock, *os::Inotify::open());
    write();
  }
  ~Origin() { std::filesystem::remove_all(root_); }

  // Brings what the sample ledger has gained onto the disk, and lets the service see it.
  void write() {
    const std::string& text = ledger.text();
    const auto fd = os::open_file(root_ + "/ledgers/s1/index", O_WRONLY | O_CREAT | O_APPEND);
    REQUIRE(os::write_all(fd->get(), as_bytes(std::string_view(text).substr(written_))));
    written_ = text.size();
    service->read_changes();
  }
  void media(const std::string& file, std::size_t size) {
    REQUIRE(os::write_file_atomically(root_ + "/ledgers/s1/" + file, std::string(size, 'm')));
  }
  // A line of the record of uploads.
  void uploaded(const std::vector<hls::UploadRecord>& records) {
    const auto fd = os::open_file(root_ + "/ledgers/s1/uploads", O_WRONLY | O_CREAT | O_APPEND);
    for (const hls::UploadRecord& record : records) REQUIRE(os::write_all(fd->get(), as_bytes(hls::format_upload_record(record))));
    service->read_changes();
  }
  // Another record in its place.
  void uploaded_anew(const hls::UploadRecord& place, const std::vector<hls::UploadRecord>& records) {
    std::string text = hls::format_upload_record(place);
    for (const hls::UploadRecord& record : records) text += hls::format_upload_record(record);
    REQUIRE(os::write_file_atomically(root_ + "/ledgers/s1/uploads", text));
    service->read_changes();
  }
  std::shared_ptr<std::optional<http::Response>> get(const std::string& path, http::Headers headers = {}, const std::string& method = "GET") {
    http::Request request;
    request.method = method;
    const std::size_t question = path.find('?');
    request.path = path.substr(0, question);
    request.headers = std::move(headers);
    if (question != std::string::npos) {
      for (auto pair : split(std::string_view(path).substr(question + 1), '&')) {
        const std::size_t equals = pair.find('=');
        request.query.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
      }
    }
    auto slot = std::make_shared<std::optional<http::Response>>();
    service->handle(request, parse_route(request.path), [slot](http::Response response) {
      REQUIRE_FALSE(slot->has_value());
      *slot = std::move(response);
    });
    return slot;
  }
  int status(const std::string& path) {
    const auto slot = get(path);
    return *slot ? (*slot)->status : 0;
  }

  hls::SampleLedger ledger;
  FakeClock clock;
  std::optional<Service> service;
  std::string root_;
  std::size_t written_ = 0;
};

std::string text_of(const std::optional<http::Response>& response) {
  REQUIRE(response);
  return std::string(as_text(*std::get<SharedBytes>(response->body)));
}

std::string header(const std::optional<http::Response>& response, const std::string& name) {
  REQUIRE(response);
  return std::string(response->header(name));
}

const std::string source = "/live/demo/s1/source/";

}  // namespace

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

TEST_CASE("pictures: a sheet that grows is kept for seconds, a whole one for ever; what has none is told") {
  struct Drawn final : PictureQueue::Run {};
  Origin origin;
  std::vector<PictureJob> jobs;
  std::vector<std::function<void(PictureQueue::Picture)>> ends;
  PictureQueue queue({}, origin.clock, [&](const PictureJob& job, std::function<void(PictureQueue::Picture)> finished) -> Result<std::unique_ptr<PictureQueue::Run>> {
    jobs.push_back(job);
    ends.push_back(std::move(finished));
    return std::make_unique<Drawn>();
  });
  const auto draw = [&](const std::string& path, http::Headers headers = {}) {
    const std::size_t before = ends.size();
    auto slot = origin.get(path, std::move(headers));
    if (ends.size() > before) ends.back()(std::make_shared<const Bytes>(to_bytes("jpeg")));
    return slot;
  };
  const std::string base = "/live/demo/s1/";
  CHECK(origin.status(base + "storyboard-0.jpg") == 404);  // no pictures at all
  CHECK(origin.status(base + "storyboard.vtt") == 404);
  origin.service->take_pictures_from(queue);
  CHECK(origin.status("/live/demo/thumbnail.jpg") == 404);
  CHECK(origin.status(base + "storyboard-0.jpg") == 404);
  origin.ledger.segments(13);
  origin.write();

  const auto growing = draw(base + "storyboard-0.jpg");
  CHECK(text_of(*growing) == "jpeg");
  CHECK(header(*growing, "Content-Type") == "image/jpeg");
  CHECK(header(*growing, "Cache-Control") == "public, max-age=5");
  CHECK(jobs.back().arguments == std::vector<std::string>{"--sheet", "0"});
  CHECK(jobs.back().ledger.ends_with("/ledgers/s1"));
  CHECK((**draw(base + "storyboard-0.jpg", {{"If-None-Match", header(*growing, "ETag")}})).status == 304);
  CHECK(jobs.size() == 1);
  CHECK(origin.status(base + "storyboard-1.jpg") == 404);

  const auto track = origin.get(base + "storyboard.vtt");
  CHECK(header(*track, "Content-Type") == "text/vtt; charset=utf-8");
  CHECK(header(*track, "Cache-Control") == "public, max-age=5");
  CHECK(text_of(*track).find("storyboard-0.jpg#xywh=320,0,160,90") != std::string::npos);

  const auto thumbnail = draw("/live/demo/thumbnail.jpg");
  CHECK(header(*thumbnail, "Cache-Control") == "public, max-age=5");
  CHECK(jobs.back().arguments == std::vector<std::string>{"--newest", "--tile-width", "480"});
  draw("/live/demo/thumbnail.jpg");
  CHECK(jobs.size() == 2);

  origin.ledger.segments(1);
  origin.write();
  CHECK(text_of(*origin.get(base + "window.json")) ==
        R"({"stream":"s1","epoch":"2025-11-22T14:00:00.000Z","start":"2025-11-22T14:00:00.000Z","end":"2025-11-22T14:00:28.000Z","ended":false,"pictures":true})");
  origin.ledger.remove_before(2);
  origin.ledger.end();
  origin.write();
  CHECK(text_of(*origin.get(base + "window.json")).find(R"("start":"2025-11-22T14:00:04.000Z")") != std::string::npos);
  CHECK(header(*draw(base + "storyboard-0.jpg"), "Cache-Control") == "public, max-age=5");  // its first picture may have gone

  std::filesystem::remove(origin.root_ + "/live/demo");
  CHECK(header(*origin.get("/live/demo/thumbnail.jpg"), "Retry-After") == "5");
  auto broken = origin.get(base + "storyboard-0.jpg?x");
  CHECK((*broken)->status == 200);
}

TEST_CASE("a picture that fails is 404, one that cannot be made now 503") {
  for (const auto& [code, status] : {std::pair{Errc::not_found, 404}, {Errc::unavailable, 503}}) {
    Origin origin;
    origin.ledger.segments(7).end();
    origin.write();
    PictureQueue queue({}, origin.clock, [&](const PictureJob&, const std::function<void(PictureQueue::Picture)>&) -> Result<std::unique_ptr<PictureQueue::Run>> {
      return fail(code, "storyboard: exit 1");
    });
    origin.service->take_pictures_from(queue);
    CHECK(origin.status("/live/demo/s1/storyboard-0.jpg") == status);
  }
}

TEST_CASE("a whole sheet is kept for ten minutes; one with a picture missing for seconds, under another tag") {
  const bool all_drawn = GENERATE(true, false);
  struct Drawn final : PictureQueue::Run {};
  Origin origin;
  origin.ledger.segments(7).end();
  origin.write();
  std::function<void(PictureQueue::Picture)> end;
  PictureQueue queue({}, origin.clock, [&](const PictureJob&, std::function<void(PictureQueue::Picture)> finished) -> Result<std::unique_ptr<PictureQueue::Run>> {
    end = std::move(finished);
    return std::make_unique<Drawn>();
  });
  origin.service->take_pictures_from(queue);
  const auto answer = origin.get("/live/demo/s1/storyboard-0.jpg");
  CHECK_FALSE(*answer);
  end(Drawing(std::make_shared<const Bytes>(to_bytes("jpeg")), all_drawn));
  CHECK(header(*answer, "Cache-Control") == (all_drawn ? "public, max-age=600" : "public, max-age=5"));
  CHECK(header(*answer, "ETag").ends_with(all_drawn ? "/whole\"" : "/whole/passing\""));
}

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
