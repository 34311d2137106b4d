#include "archive/ledger_upload.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <stdlib.h>

#include <filesystem>

#include "os/file.hpp"
#include "unit/hls/sample_ledger.hpp"

using namespace sluice;
using namespace sluice::archive;

namespace {

const std::string place = "s3://vods/2026";

// A sample ledger on disk, and who uploads it.
class Desk {
 public:
  Desk() {
    char path[] = "/tmp/sluice-archive-XXXXXX";
    folder = ::mkdtemp(path);
  }
  ~Desk() { std::filesystem::remove_all(folder); }

  void write() { REQUIRE(os::write_file_atomically(folder + "/index", ledger.text())); }
  void append() {
    const std::string before = *os::read_file(folder + "/index");
    const auto fd = os::open_file(folder + "/index", O_WRONLY | O_APPEND);
    REQUIRE(os::write_all(fd->get(), as_bytes(std::string_view(ledger.text()).substr(before.size()))));
  }
  std::unique_ptr<LedgerUpload> open() {
    auto opened = LedgerUpload::open(folder, place, 100, clock);
    REQUIRE(opened);
    return std::move(*opened);
  }
  std::string record() { return *os::read_file(folder + "/uploads"); }

  hls::SampleLedger ledger;
  FakeClock clock;
  std::string folder;
};

std::vector<Object> take_all(LedgerUpload& upload) {
  std::vector<Object> out;
  for (;;) {
    auto object = upload.take();
    REQUIRE(object);
    if (!*object) return out;
    out.push_back(**object);
  }
}

void send_all(LedgerUpload& upload) {
  for (const Object& object : take_all(upload)) REQUIRE(upload.done(object, object.bytes));
}

}  // namespace

TEST_CASE("an object is named as its file, under its channel and stream, and says what it is") {
  Desk desk;
  desk.ledger.segments(1);
  desk.write();
  const auto upload = desk.open();
  const auto objects = take_all(*upload);
  REQUIRE(objects.size() == 6);
  CHECK(objects[0].key == "demo/s1/source/init-0.mp4");
  CHECK(objects[0].path == desk.folder + "/source/init-0.mp4");
  CHECK(objects[5].key == "demo/s1/audio/0.m4s");
  CHECK(objects[5].type == "audio/mp4");
  CHECK(objects[3].type == "video/mp4");
  CHECK(objects[3].bytes == 4000);
  CHECK(objects[3].caching == "public, max-age=31536000, immutable");
}

TEST_CASE("when a stream is over and all of it is there its playlists follow, the multivariant one last") {
  Desk desk;
  desk.ledger.segments(2);
  desk.write();
  auto upload = desk.open();
  send_all(*upload);
  CHECK(upload->idle());
  desk.ledger.end();
  desk.append();
  REQUIRE(upload->poll());
  CHECK_FALSE(upload->idle());
  std::vector<std::string> keys;
  for (int i = 0; i < 4; ++i) {
    const auto objects = take_all(*upload);
    REQUIRE(objects.size() == 1);  // one at a time
    keys.push_back(objects.front().key);
    if (i == 1) {
      upload->put_back(objects.front());
      CHECK(take_all(*upload).front().key == keys.back());
    }
    CHECK(objects.front().text.starts_with("#EXTM3U"));
    CHECK_FALSE(upload->finished());
    REQUIRE(upload->done(objects.front(), 1));
  }
  CHECK(keys == std::vector<std::string>{"demo/s1/source/whole.m3u8", "demo/s1/low/whole.m3u8", "demo/s1/audio/whole.m3u8", "demo/s1/master.m3u8"});
  CHECK(upload->finished());
  upload.reset();
  CHECK(uploaded_whole(desk.folder));
  CHECK(desk.open()->finished());
}

TEST_CASE("what was under way when the uploader was killed is sent again, and nothing else") {
  Desk desk;
  desk.ledger.segments(3);
  desk.write();
  {
    const auto upload = desk.open();
    const auto objects = take_all(*upload);
    for (std::size_t i = 0; i < 7; ++i) REQUIRE(upload->done(objects[i], 700));
  }
  // Half a line, as a killed writer leaves it.
  const std::string whole = desk.record();
  const auto fd = os::open_file(desk.folder + "/uploads", O_WRONLY | O_APPEND);
  REQUIRE(os::write_all(fd->get(), as_bytes("U low 1 40")));
  const auto upload = desk.open();
  CHECK(desk.record() == whole);
  const auto objects = take_all(*upload);
  REQUIRE(objects.size() == 5);
  CHECK(objects.front().key == "demo/s1/low/1.m4s");
}

namespace {

// Another life of the ledger: the first `segments` of it, then `more` that are not what was there.
void come_back(Desk& desk, int segments, int more, bool end) {
  desk.ledger = hls::SampleLedger();
  desk.ledger.segments(segments).later(60'000).segments(more);
  if (end) desk.ledger.end();
  desk.write();
}

std::vector<std::string> keys_of(const std::vector<Object>& objects) {
  std::vector<std::string> out;
  for (const Object& object : objects) out.push_back(object.key.substr(object.key.find('/', 5) + 1));
  return out;
}

}  // namespace

TEST_CASE("after a power loss the record tells of no more than the ledger has, and what is other is sent again") {
  Desk desk;
  desk.ledger.segments(4);
  desk.write();
  send_all(*desk.open());
  const std::string before = desk.record();
  SECTION("the ledger is shorter") { come_back(desk, 2, 0, false); }
  SECTION("it has gone on, with as many bytes") { come_back(desk, 2, 3, false); }
  const int more = desk.ledger.rendition("source").segments.size() > 2 ? 3 : 0;
  auto upload = desk.open();
  CHECK(upload->withdrawn() == 2 * 3);
  CHECK(desk.record().size() < before.size());
  CHECK(desk.record().starts_with("V 1 s3://vods/2026 "));
  const auto objects = take_all(*upload);
  CHECK(objects.size() == static_cast<std::size_t>(3 * more));
  if (more > 0) CHECK(keys_of(objects)[0] == "source/2.m4s");
  for (const Object& object : objects) REQUIRE(upload->done(object, object.bytes));
  upload.reset();
  upload = desk.open();
  CHECK(upload->withdrawn() == 0);
  CHECK(take_all(*upload).empty());
}

TEST_CASE("a ledger that is as it was keeps its record, and so does one whose record knows no times") {
  Desk desk;
  desk.ledger.segments(3).remove_before(1).end();
  desk.write();
  auto upload = desk.open();
  send_all(*upload);
  while (!upload->finished()) send_all(*upload);
  upload.reset();
  const std::string before = desk.record();
  CHECK(desk.open()->withdrawn() == 0);
  CHECK(desk.record() == before);
  CHECK(uploaded_whole(desk.folder));
  std::string old;
  for (const auto& rendition : {"source", "low", "audio"}) {
    old += hls::format_upload_record(hls::UploadedInit{rendition, 0, 700}) + hls::format_upload_record(hls::MissedSegments{rendition, 0, 1});
    for (MediaSequence msn = 1; msn < 3; ++msn) old += hls::format_upload_record(hls::UploadedSegment{rendition, msn, 4000});
  }
  old = hls::format_upload_record(hls::UploadPlace{place}) + old + hls::format_upload_record(hls::UploadsEnd{1});
  REQUIRE(os::write_file_atomically(desk.folder + "/uploads", old));
  CHECK(uploaded_whole(desk.folder));
  CHECK(desk.open()->finished());
  CHECK(desk.record() == old);
}

TEST_CASE("an end that the ledger has lost, or that was another, is not uploaded whole") {
  Desk desk;
  desk.ledger.segments(2).end();
  desk.write();
  auto upload = desk.open();
  while (!upload->finished()) send_all(*upload);
  upload.reset();
  REQUIRE(uploaded_whole(desk.folder));
  SECTION("lost") { come_back(desk, 2, 0, false); }
  SECTION("another") { come_back(desk, 2, 1, true); }
  const bool ended = desk.ledger.stream().ended;
  CHECK(uploaded_whole(desk.folder) == false);
  upload = desk.open();
  CHECK_FALSE(upload->finished());
  CHECK(take_all(*upload).size() == (ended ? 3 : 0));
}

TEST_CASE("a header of a number that was given again is sent again") {
  Desk desk;
  std::filesystem::create_directory(desk.folder + "/source");
  const std::string header = desk.folder + "/source/init-0.mp4";
  REQUIRE(os::write_file_atomically(header, "one"));
  desk.ledger.segments(1);
  desk.write();
  send_all(*desk.open());
  CHECK(take_all(*desk.open()).empty());
  REQUIRE(os::write_file_atomically(header, "two"));
  auto upload = desk.open();
  const auto objects = take_all(*upload);
  REQUIRE(keys_of(objects) == std::vector<std::string>{"source/init-0.mp4"});
  REQUIRE(upload->done(objects.front(), 3));
  upload.reset();
  std::filesystem::remove(header);  // nobody can say that it is another one
  CHECK(take_all(*desk.open()).empty());
}

TEST_CASE("what was missed stays missed, unless it is there after all") {
  Desk desk;
  desk.ledger.segments(3);
  desk.write();
  {
    const auto upload = desk.open();
    for (const Object& object : take_all(*upload)) REQUIRE((object.key.ends_with("source/1.m4s") ? upload->gone(object) : upload->done(object, object.bytes)));
  }
  CHECK(desk.record().find("M source 1 2") != std::string::npos);
  CHECK(take_all(*desk.open()).empty());
  std::filesystem::create_directory(desk.folder + "/source");
  REQUIRE(os::write_file_atomically(desk.folder + "/source/1.m4s", std::string(4000, 'm')));
  CHECK(keys_of(take_all(*desk.open())) == std::vector<std::string>{"source/1.m4s", "source/2.m4s"});
}

TEST_CASE("a record that is being replaced has one writer too") {
  Desk desk;
  desk.ledger.segments(3);
  desk.write();
  send_all(*desk.open());
  come_back(desk, 1, 1, false);
  const auto upload = desk.open();
  const auto second = LedgerUpload::open(desk.folder, place, 100, desk.clock);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::conflict);
}

TEST_CASE("a record has one writer and one place") {
  Desk desk;
  desk.ledger.segments(1);
  desk.write();
  {
    const auto upload = desk.open();
    const auto second = LedgerUpload::open(desk.folder, place, 100, desk.clock);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::conflict);
  }
  send_all(*desk.open());
  const auto other = LedgerUpload::open(desk.folder, "s3://other", 100, desk.clock);
  REQUIRE_FALSE(other);
  CHECK(other.error().what.find("uploads to s3://vods/2026, not to s3://other") != std::string::npos);
  CHECK(desk.open()->waiting() == 0);
}

TEST_CASE("a place that has nothing of a stream binds nobody to it") {
  Desk desk;
  desk.ledger.segments(3).remove_before(1);
  desk.write();
  const std::string missed = hls::format_upload_record(hls::MissedSegments{"source", 0, 1});
  {
    const auto upload = desk.open();
    const auto object = *upload->take();
    REQUIRE(object);
    upload->put_back(*object);  // there is no such bucket
  }
  CHECK(desk.record().find("V ") == std::string::npos);
  const std::string of_an_older_version = hls::format_upload_record(hls::UploadPlace{"s3://nobucket"});
  for (const std::string& record : {std::string(), of_an_older_version, of_an_older_version + missed}) {
    REQUIRE(os::write_file_atomically(desk.folder + "/uploads", record));
    const auto upload = desk.open();
    CHECK(desk.record().find("nobucket") == std::string::npos);
    CHECK(upload->waiting() == 9);
  }
  auto upload = desk.open();
  const auto first = *upload->take();
  REQUIRE(upload->done(*first, 700));
  CHECK(desk.record().starts_with("V 1 s3://vods/2026 "));
  CHECK(desk.record().find("\nI ") != std::string::npos);
  upload.reset();
  CHECK_FALSE(LedgerUpload::open(desk.folder, "s3://other", 100, desk.clock));
}

TEST_CASE("a folder that is no ledger, or not yet, is left as it is") {
  Desk desk;
  CHECK(LedgerUpload::open(desk.folder, place, 100, desk.clock).error().code == Errc::not_found);
  REQUIRE(os::write_file_atomically(desk.folder + "/index", ""));
  CHECK(LedgerUpload::open(desk.folder, place, 100, desk.clock).error().code == Errc::not_found);
  CHECK_FALSE(std::filesystem::exists(desk.folder + "/uploads"));
}

TEST_CASE("playlists in the bucket list what the ledger has removed since") {
  Desk desk;
  desk.ledger.segments(4);
  desk.write();
  const auto upload = desk.open();
  send_all(*upload);
  desk.ledger.segments(6).remove_before(4).end();
  desk.append();
  REQUIRE(upload->poll());
  send_all(*upload);
  REQUIRE(upload->poll());
  const auto playlist = take_all(*upload);
  REQUIRE(playlist.size() == 1);
  CHECK(playlist.front().text.find("\n0.m4s\n") != std::string::npos);
  CHECK(playlist.front().text.find("\n9.m4s\n") != std::string::npos);
  CHECK(playlist.front().text.find("#EXT-X-MEDIA-SEQUENCE:0\n") != std::string::npos);
}
