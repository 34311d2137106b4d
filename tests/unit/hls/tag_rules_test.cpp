#include <catch2/catch.hpp>

#include "hls/date_time.hpp"
#include "hls/playlist_reader.hpp"

using namespace sluice::hls;

namespace {

// The rules that a media playlist with these lines before its only segment breaks.
std::vector<std::string> broken(const std::string& lines) {
  std::vector<std::string> rules;
  for (const Problem& problem : read_playlist("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"i\"\n" + lines + "#EXTINF:2.0,\na.m4s\n").problems) rules.emplace_back(problem.rule);
  return rules;
}
std::vector<std::string> broken_multivariant(const std::string& line) {
  std::vector<std::string> rules;
  for (const Problem& problem : read_playlist("#EXTM3U\n" + line + "\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n").problems) rules.emplace_back(problem.rule);
  return rules;
}
using Rules = std::vector<std::string>;

}  // namespace

TEST_CASE("keys: method, URI, IV") {
  CHECK(broken("#EXT-X-KEY:METHOD=NONE\n").empty());
  CHECK(broken("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\",KEYFORMAT=\"x\"\n").empty());
  CHECK(broken("#EXT-X-KEY:METHOD=NONE,URI=\"k\"\n") == Rules{"key-tags"});
  CHECK(broken("#EXT-X-KEY:METHOD=ROT13,URI=\"k\"\n") == Rules{"attribute-value"});
  CHECK(broken("#EXT-X-KEY:URI=\"k\"\n") == Rules{"attribute-required"});
  CHECK(broken("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=5\n") == Rules{"attribute-syntax"});
  CHECK(broken("#EXT-X-KEY:METHOD=AES-128,URI=k\n") == Rules{"attribute-syntax"});
  CHECK(broken("#EXT-X-KEY:METHOD=AES-128\n") == Rules{"key-tags"});
  CHECK(broken("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x" + std::string(33, '0') + "\n") == Rules{"key-tags"});
  CHECK(broken("#EXT-X-KEY:METHOD=AES-256-GCM,URI=\"k\"\n").empty());
  for (const char* method : {"AES-256-GCM", "SAMPLE-AES-CTR"}) CHECK(broken("#EXT-X-KEY:METHOD=" + std::string(method) + ",URI=\"k\",IV=0x" + std::string(32, '0') + "\n") == Rules{"key-tags"});
  CHECK(broken_multivariant("#EXT-X-SESSION-KEY:METHOD=NONE") == Rules{"key-tags"});
}

TEST_CASE("date ranges: id, dates, ends") {
  CHECK(broken("#EXT-X-DATERANGE:ID=\"a\",CLASS=\"c\",START-DATE=\"2026-01-01T00:00:00Z\",END-ON-NEXT=YES\n").empty());
  CHECK(broken("#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",END-DATE=\"2026-01-01T00:00:02Z\",DURATION=2\n").empty());
  const std::string begun = "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:02Z\"\n";
  CHECK(broken(begun + "#EXT-X-DATERANGE:ID=\"a\",DURATION=2\n").empty());
  CHECK(broken(begun + "#EXT-X-DATERANGE:ID=\"a\",END-DATE=\"2026-01-01T00:00:00Z\"\n") == Rules{"date-ranges"});
  CHECK(broken(begun + "#EXT-X-DATERANGE:ID=\"b\",DURATION=2\n") == Rules{"date-ranges"});
  // One range, told of twice: what both tags have is the same, however it is written.
  CHECK(broken(begun + "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"20260101T000002.000Z\",X-A=2\n#EXT-X-DATERANGE:ID=\"a\",X-A=2.0\n").empty());
  CHECK(broken(begun + "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:03Z\"\n") == Rules{"date-ranges"});
  CHECK(broken(begun + "#EXT-X-DATERANGE:ID=\"a\",DURATION=2\n#EXT-X-DATERANGE:ID=\"a\",DURATION=3\n") == Rules{"date-ranges"});
  CHECK(broken(begun + "#EXT-X-DATERANGE:ID=\"a\",X-OF=\"b\"\n#EXT-X-DATERANGE:ID=\"a\",X-OF=\"c\"\n#EXT-X-DATERANGE:ID=\"b\",START-DATE=\"2026-01-01T00:00:03Z\",X-OF=\"d\"\n") == Rules{"date-ranges"});
  CHECK(broken(begun + "#EXT-X-DATERANGE:ID=\"a\",X-OF=\"b\"\n#EXT-X-DATERANGE:ID=\"a\",X-OF=\"c\"\n#EXT-X-DATERANGE:ID=\"a\",X-OF=\"d\",X-A=1\n#EXT-X-DATERANGE:ID=\"a\",X-A=2\n") ==
        Rules{"date-ranges", "date-ranges"});  // what two have told otherwise is told of once, what else there is still compared
  CHECK(broken("#EXT-X-DATERANGE:START-DATE=\"2026-01-01T00:00:00Z\"\n") == Rules{"attribute-required"});
  CHECK(broken("#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",DURATION=-2\n") == Rules{"attribute-syntax"});
  for (const char* wrong : {"ID=\"a\"", "ID=\"a\",START-DATE=\"noon\"",
                            "ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",END-ON-NEXT=YES", "ID=\"a\",CLASS=\"c\",START-DATE=\"2026-01-01T00:00:00Z\",END-ON-NEXT=YES,DURATION=2",
                            "ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",END-DATE=\"2026-01-01T00:00:02Z\",DURATION=3"}) {
    INFO(wrong);
    CHECK(broken(std::string("#EXT-X-DATERANGE:") + wrong + "\n") == Rules{"date-ranges"});
  }
}

TEST_CASE("the start has an offset, which may be negative") {
  CHECK(broken("#EXT-X-START:TIME-OFFSET=-12.5\n").empty());
  CHECK(broken("#EXT-X-START:TIME-OFFSET=soon\n") == Rules{"attribute-syntax"});
  CHECK(broken("#EXT-X-START:PRECISE=YES\n") == Rules{"attribute-required"});
}

TEST_CASE("renditions have the attributes of their type") {
  const auto rules = [](const std::string& attributes) { return broken_multivariant("#EXT-X-MEDIA:GROUP-ID=\"g\",NAME=\"n\"," + attributes); };
  CHECK(rules("TYPE=CLOSED-CAPTIONS,INSTREAM-ID=\"CC1\"").empty());
  CHECK(rules("TYPE=SUBTITLES,URI=\"s.m3u8\",FORCED=YES").empty());
  CHECK(rules("TYPE=AUDIO,CHANNELS=\"2\"").empty());
  CHECK(rules("TYPE=AUDIO,INSTREAM-ID=\"Track.7\"") == Rules{"version-needed"});
  for (const char* id : {"", "a-b", "a b"}) CHECK(rules("TYPE=AUDIO,INSTREAM-ID=\"" + std::string(id) + "\"").back() == "attribute-value");
  CHECK(rules("TYPE=SUBTITLES") == Rules{"media-attributes"});
  CHECK(rules("TYPE=CLOSED-CAPTIONS") == Rules{"media-attributes"});
  CHECK(rules("TYPE=CLOSED-CAPTIONS,INSTREAM-ID=\"CC1\",URI=\"c.m3u8\"") == Rules{"media-attributes"});
  CHECK(rules("TYPE=VIDEO,CHANNELS=\"2\"") == Rules{"media-attributes"});
  CHECK(rules("TYPE=SMELL") == Rules{"attribute-value"});
  for (const char* id : {"CC0", "CC5", "CC11", "S1"}) CHECK(rules("TYPE=CLOSED-CAPTIONS,INSTREAM-ID=\"" + std::string(id) + "\"") == Rules{"attribute-value"});
  CHECK(rules("TYPE=CLOSED-CAPTIONS,INSTREAM-ID=\"SERVICE63\"") == Rules{"version-needed"});
  for (const char* id : {"SERVICE0", "SERVICE64", "SERVICE"}) CHECK(rules("TYPE=CLOSED-CAPTIONS,INSTREAM-ID=\"" + std::string(id) + "\"").back() == "attribute-value");
}

TEST_CASE("session data have a value or a place") {
  CHECK(broken_multivariant("#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b\"").empty());
  CHECK(broken_multivariant("#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b\",URI=\"c\"") == Rules{"session-data"});
  CHECK(broken_multivariant("#EXT-X-SESSION-DATA:VALUE=\"b\"") == Rules{"attribute-required"});
  const std::string data = "#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b\"", key = "#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"k\"";
  CHECK(broken_multivariant(data + ",LANGUAGE=\"en\"\n" + data + ",LANGUAGE=\"de\"\n" + data).empty());
  CHECK(broken_multivariant(data + "\n" + data) == Rules{"session-data"});
  CHECK(broken_multivariant(key + "\n" + key + ",IV=0x01").empty());
  CHECK(broken_multivariant(key + "\n" + key) == Rules{"session-key-once"});
}

TEST_CASE("byte ranges follow one another in a resource") {
  const auto read = read_playlist("#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:2\n#EXT-X-BYTERANGE:10@5\n#EXTINF:2.0,\na.ts\n#EXT-X-BYTERANGE:7\n#EXTINF:2.0,\na.ts\n#EXT-X-BYTERANGE:3\n#EXTINF:2.0,\nb.ts\n");
  REQUIRE(read.media.segments.size() == 3);
  CHECK(read.media.segments[1].byte_range->offset == 15);
  CHECK(read.media.segments[1].byte_range->length == 7);
  REQUIRE(read.problems.size() == 1);
  CHECK(read.problems[0].rule == "byte-ranges");
}

TEST_CASE("a date without a zone is one of UTC, and that is told") {
  CHECK(parse_date_time("1970-01-01T00:00:01.5") == 1'500);
  CHECK(broken("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000-05:00\n").empty());
  CHECK(broken("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000\n") == Rules{"program-date-time-zone"});
}

TEST_CASE("a part may be a range of its segment's resource, and follow the part before") {
  const std::string parts = "#EXT-X-PART-INF:PART-TARGET=1\n";
  const ReadPlaylist read = read_playlist("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n" + parts +
                                          "#EXT-X-PART:DURATION=1,URI=\"a.mp4\",BYTERANGE=\"10@5\"\n#EXT-X-PART:DURATION=1,URI=\"a.mp4\",BYTERANGE=\"7\"\n#EXTINF:2.0,\na.mp4\n");
  const auto& segment = read.media.segments.at(0);
  REQUIRE(segment.parts.at(1).byte_range);
  CHECK(segment.parts[1].byte_range->offset == 15);
  CHECK(segment.parts[1].byte_range->length == 7);
  CHECK(broken(parts + "#EXT-X-PART:DURATION=1,URI=\"b\"\n#EXT-X-PART:DURATION=1,URI=\"a\",BYTERANGE=\"7\"\n") == Rules{"byte-ranges"});
}

TEST_CASE("a segment that is encrypted as a whole is known as such, and its header by the key before it") {
  const auto sealed = [](const std::string& method) {
    const ReadPlaylist read = read_playlist("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"i\"\n#EXT-X-KEY:METHOD=" + method +
                                            "\n#EXTINF:2.0,\na.m4s\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:2.0,\nb.m4s\n");
    CHECK_FALSE(read.media.segments.at(0).map_sealed);
    CHECK_FALSE(read.media.segments.at(1).sealed);
    return read.media.segments[0].sealed;
  };
  CHECK(sealed("AES-128,URI=\"k\""));
  CHECK(sealed("AES-256-GCM,URI=\"k\""));
  CHECK_FALSE(sealed("SAMPLE-AES,URI=\"k\""));
}
