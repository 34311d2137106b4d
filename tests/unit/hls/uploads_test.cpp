#include "hls/uploads.hpp"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "hls/playlist_writer.hpp"
#include "hls/record_line.hpp"
#include "hls/uploads_feed.hpp"
#include "os/file.hpp"
#include "unit/hls/sample_ledger.hpp"

using namespace sluice;
using namespace sluice::hls;

namespace {

std::vector<UploadRecord> story() {
  return {UploadPlace{"s3://vods/2026"},
          UploadedInit{"source", 0, 700, 0x0fedcba9},
          UploadedSegment{"source", 3, 1000, 1'763'820'000'530},
          UploadedSegment{"source", 4, 0},
          MissedSegments{"source", 5, 9},
          UploadedSegment{"source", 9, 10, 0},
          UploadsEnd{1'763'820'009'000, 1'763'820'008'000}};
}

std::string text_of(const std::vector<UploadRecord>& records) {
  std::string text;
  for (const UploadRecord& record : records) text += format_upload_record(record);
  return text;
}

Uploads uploads_of(const std::vector<UploadRecord>& records) {
  Uploads uploads;
  uploads.apply(UploadPlace{"s3://vods"});
  for (const UploadRecord& record : records) REQUIRE(uploads.apply(record));
  return uploads;
}

std::vector<UploadRecord> segments(const std::string& rendition, MediaSequence from, MediaSequence to) {
  std::vector<UploadRecord> out{UploadedInit{rendition, 0, 700}};
  for (; from < to; ++from) out.push_back(UploadedSegment{rendition, from, 4000});
  return out;
}

std::vector<UploadRecord> operator+(std::vector<UploadRecord> a, const std::vector<UploadRecord>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("lines of the uploads record are written as they are read") {
  for (const UploadRecord& record : story()) {
    const std::string line = format_upload_record(record);
    REQUIRE(line.ends_with('\n'));
    const auto read = parse_upload_record(std::string_view(line).substr(0, line.size() - 1));
    REQUIRE(read);
    CHECK(*read == record);
  }
}

TEST_CASE("a wrong line is refused") {
  for (const char* wrong : {"V 1", "V 2 s3://x", "V 1 s3://x y", "I source 0", "I source x 1", "U source 1", "U Source 1 1", "U source 01 1", "U source 18446744073709551615 1", "M source 3 3",
                            "M source 4 3", "I source 0 1 1234567", "I source 0 1 1234567G", "I source 0 1 123456789", "U source 1 1 -1", "U source 1 1 1 1", "E 1 -1", "E", "E -1", "Q 1", ""}) {
    const std::string line = checked_line(wrong);
    CHECK_FALSE(parse_upload_record(std::string_view(line).substr(0, line.size() - 1)));
  }
  CHECK_FALSE(parse_upload_record("U source 1 1 00000000"));
  CHECK_FALSE(parse_upload_record("U source 1 1"));
}

TEST_CASE("the record adds up, wherever its bytes are cut") {
  const std::string text = text_of(story());
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Uploads uploads;
    const std::size_t first = uploads.feed(as_bytes(text).first(cut));
    CHECK_FALSE(uploads.torn());
    CHECK(uploads.feed(as_bytes(text).subspan(first)) == text.size() - first);
    CHECK(uploads.believed() == text.size());
    CHECK(uploads.place() == "s3://vods/2026");
    CHECK(uploads.next("source") == 10);
    CHECK(uploads.has_init("source", 0));
    CHECK_FALSE(uploads.has_init("source", 1));
    CHECK(uploads.missed("source", 5));
    CHECK(uploads.missed("source", 8));
    CHECK_FALSE(uploads.missed("source", 9));
    CHECK_FALSE(uploads.next("low"));
    CHECK(uploads.ended());
  }
}

TEST_CASE("segments that are missed one by one are missed, and none beside them") {
  Uploads uploads;
  REQUIRE(uploads.apply(UploadPlace{"s3://vods"}));
  for (MediaSequence msn = 3; msn < 7; ++msn) REQUIRE(uploads.apply(MissedSegments{"source", msn, msn + 1}));
  REQUIRE(uploads.apply(UploadedSegment{"source", 7, 1}));
  REQUIRE(uploads.apply(MissedSegments{"source", 8, 10}));
  REQUIRE(uploads.apply(UploadedSegment{"source", 10, 1}));
  const std::set<MediaSequence> missed{3, 4, 5, 6, 8, 9};
  for (MediaSequence msn = 0; msn < 12; ++msn) CHECK(uploads.missed("source", msn) == missed.contains(msn));
}

TEST_CASE("belief ends at the first line that breaks the order") {
  const UploadRecord place = UploadPlace{"s3://vods"};
  for (const std::vector<UploadRecord>& wrong : std::vector<std::vector<UploadRecord>>{{UploadedSegment{"a", 0, 1}},
                                                                                       {place, place},
                                                                                       {place, UploadedSegment{"a", 0, 1}, UploadedSegment{"a", 2, 1}},
                                                                                       {place, UploadedSegment{"a", 1, 1}, UploadedSegment{"a", 1, 1}},
                                                                                       {place, UploadedSegment{"a", 0, 1}, MissedSegments{"a", 2, 3}},
                                                                                       {place, UploadsEnd{1}, UploadedSegment{"a", 0, 1}}}) {
    Uploads uploads;
    const std::string text = text_of(wrong), last = format_upload_record(wrong.back());
    CHECK(uploads.feed(as_bytes(text)) == text.size() - last.size());
    CHECK(uploads.torn());
  }
}

TEST_CASE("of a stream that is what has been uploaded without a hole") {
  SampleLedger ledger;
  ledger.segments(5).parts(2);
  const StreamView there = published(ledger.stream(), uploads_of(segments("source", 0, 3) + segments("low", 0, 5)));
  CHECK(there.find("source")->segments.size() == 3);
  CHECK(there.find("low")->segments.size() == 5);
  CHECK(there.find("audio")->segments.empty());
  CHECK(there.find("source")->segments.front().parts.empty());
  CHECK_FALSE(there.ended);
}

TEST_CASE("a segment that is not the one which was uploaded under its number is not listed, nor what comes after it") {
  SampleLedger ledger;
  ledger.segments(5).end();
  const auto wall_of = [&](MediaSequence msn) { return ledger.rendition("source").find(msn)->wall_ms; };
  const auto listed = [&](std::uint64_t bytes, std::int64_t wall_ms) {
    std::vector<UploadRecord> records{UploadedInit{"source", 0, 700}};
    for (MediaSequence msn = 0; msn < 5; ++msn) records.push_back(UploadedSegment{"source", msn, 4000, wall_of(msn)});
    records[3] = UploadedSegment{"source", 2, bytes, wall_ms};
    return published(ledger.stream(), uploads_of(records)).find("source")->segments.size();
  };
  CHECK(listed(4000, wall_of(2)) == 5);
  CHECK(listed(4000, wall_of(2) + 1) == 2);
  CHECK(listed(4001, wall_of(2)) == 2);
  std::vector<UploadRecord> untold = segments("source", 0, 5);  // as records were before they told of times
  CHECK(published(ledger.stream(), uploads_of(untold)).find("source")->segments.size() == 5);
}

TEST_CASE("who follows a record sees that it was replaced, by one that is longer too") {
  char path[] = "/tmp/sluice-uploads-XXXXXX";
  const std::string folder = ::mkdtemp(path), file = folder + "/uploads";
  UploadsFeed feed(folder);
  CHECK(*feed.poll() == false);
  REQUIRE(os::write_file_atomically(file, text_of({UploadPlace{"s3://vods"}, UploadedInit{"source", 0, 700}, UploadedSegment{"source", 0, 9}})));
  CHECK(*feed.poll());
  CHECK_FALSE(*feed.poll());
  const std::uint64_t revision = feed.uploads().revision();
  REQUIRE(os::write_file_atomically(file, text_of({UploadPlace{"s3://elsewhere/2026"}, UploadedInit{"audio", 0, 700}, UploadedSegment{"audio", 7, 9}})));
  CHECK(*feed.poll());
  CHECK(feed.uploads().place() == "s3://elsewhere/2026");
  CHECK_FALSE(feed.uploads().next("source"));
  CHECK(feed.uploads().next("audio") == 8);
  CHECK(feed.uploads().revision() > revision);
  std::filesystem::remove_all(folder);
  CHECK(*feed.poll());
  CHECK(feed.uploads().place().empty());
}

TEST_CASE("an uploaded stream has ended when all of it is there") {
  SampleLedger ledger;
  ledger.segments(2).end();
  const auto most = segments("source", 0, 2) + segments("low", 0, 2);
  CHECK_FALSE(published(ledger.stream(), uploads_of(most + segments("audio", 0, 1))).ended);
  CHECK(published(ledger.stream(), uploads_of(most + segments("audio", 0, 2))).ended);
}

TEST_CASE("missed segments are gaps, and nothing where nothing stands before them") {
  SampleLedger ledger;
  ledger.segments(2).discontinuity().segments(4);
  std::vector<UploadRecord> records{UploadedInit{"source", 0, 1}, MissedSegments{"source", 0, 3}, UploadedSegment{"source", 3, 4000}, MissedSegments{"source", 4, 5}, UploadedSegment{"source", 5, 4000}};
  const StreamView there = published(ledger.stream(), uploads_of(records));
  const RenditionView& source = *there.find("source");
  REQUIRE(source.segments.size() == 3);
  CHECK(source.segments.front().msn == 3);
  CHECK_FALSE(source.segments[0].gap);
  CHECK(source.segments[1].gap);
  CHECK(source.discontinuities_removed == 1);
  const std::string text = whole_playlist(there, source);
  CHECK(text.find("#EXT-X-GAP\n#EXTINF:2.000000,\n4.m4s\n") != std::string::npos);
}

TEST_CASE("playlists name segments and headers where they are, and parts never") {
  SampleLedger ledger;
  ledger.segments(8).parts(1);
  const StreamView there = published(ledger.stream(), uploads_of(segments("source", 0, 7)));
  LiveOptions options{.low_latency = false, .media = "https://vods.example/demo/s1/source/"};
  const std::string live = live_playlist(there, *there.find("source"), options);
  CHECK(live.find("#EXT-X-MAP:URI=\"https://vods.example/demo/s1/source/init-0.mp4\"\n") != std::string::npos);
  CHECK(live.find("\nhttps://vods.example/demo/s1/source/6.m4s\n") != std::string::npos);
  CHECK(live.find("7.m4s") == std::string::npos);
  CHECK(live.find("EXT-X-PART") == std::string::npos);
  CHECK(live.find("EXT-X-SERVER-CONTROL") == std::string::npos);
  const std::string whole = whole_playlist(there, *there.find("source"), options.media);
  CHECK(whole.find("PLAYLIST-TYPE:EVENT") != std::string::npos);
  CHECK(whole.find("\nhttps://vods.example/demo/s1/source/0.m4s\n") != std::string::npos);
  CHECK(whole.find("\n0.m4s") == std::string::npos);
}
