#include <catch2/catch.hpp>

#include "hls/attribute_list.hpp"
#include "hls/date_time.hpp"
#include "hls/lint.hpp"
#include "hls/playlist_reader.hpp"
#include "hls/playlist_writer.hpp"
#include "unit/hls/sample_ledger.hpp"

using namespace sluice;
using namespace sluice::hls;

TEST_CASE("attribute lists: types, quotes with commas, mistakes") {
  const auto list = AttributeList::parse(R"(A=1,B="x,y=z",C=WORD,D=1.50,E-2=0x1F,F="")");
  CHECK(list.error().empty());
  CHECK(list.integer("A") == 1);
  CHECK(list.text("B") == "x,y=z");
  CHECK(list.text("C") == "WORD");
  CHECK(list.real("D") == 1.5);
  CHECK(list.text("E-2") == "0x1F");
  CHECK(list.text("F") == "");
  CHECK_FALSE(list.has("G"));
  CHECK_FALSE(list.may_have("G"));
  CHECK(list.all().size() == 6);
  CHECK(list.all()[1].quoted);
  CHECK_FALSE(list.all()[2].quoted);
  CHECK_FALSE(list.integer("C"));
  CHECK(AttributeList::parse("A=1,B= 2,C=3").may_have("C"));
  for (const char* wrong : {"A", "=1", "a=1", "A=", "A=1,", "A=1,,B=2", "A=\"x", "A=\"x\"y", "A= 1", "A=1;B=2,C", "A=x\"y"}) {
    INFO(wrong);
    CHECK_FALSE(AttributeList::parse(wrong).error().empty());
  }
  CHECK(AttributeList::parse("A=1,A=2").duplicate() == "A");
}

TEST_CASE("of a name that occurs several times the first counts, and the last that repeats one is told") {
  const auto list = AttributeList::parse("B=1,A=2,B=3,A=4,C=5,B");
  CHECK(list.text("A") == "2");
  CHECK(list.text("B") == "1");
  CHECK(list.duplicate() == "A");
  CHECK(AttributeList::parse("B=1,A=2").duplicate().empty());
}

// Each name compared with each before it would take minutes here.
TEST_CASE("a tag may have as many attributes as it likes") {
  constexpr int many = 400'000;
  std::string different = "ID=\"x\"", same;
  for (int i = 0; i < many; ++i) {
    different += ",X-" + std::to_string(i) + "=\"\"";
    same += ",CLASS=1";
  }
  const auto list = AttributeList::parse(different);
  CHECK(list.all().size() == many + 1);
  CHECK(list.duplicate().empty());
  CHECK(list.text("X-" + std::to_string(many - 1)) == "");
  const std::string start = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-DATERANGE:START-DATE=\"2026-01-01T00:00:00Z\",";
  Subject subject;
  subject.playlists["two.m3u8"] = start + different + "\n#EXT-X-DATERANGE:" + different + "\n";
  subject.playlists["same.m3u8"] = start + "ID=\"x\"" + same + "\n";
  const Findings findings = lint(subject);
  const auto count = [&](std::string_view rule) { return std::ranges::count(findings, rule, &Finding::rule); };
  CHECK(count("attribute-duplicate") == 1);
  CHECK(count("attribute-syntax") == 1);
}

TEST_CASE("decimals are digits with a fraction, and nothing else") {
  CHECK(parse_decimal("2") == 2.0);
  CHECK(parse_decimal("2.") == 2.0);
  CHECK(parse_decimal("0.5") == 0.5);
  for (const char* wrong : {"", ".", "-1", "+1", "1e3", "1.2.3", "inf", "nan", "0x1", " 1"}) {
    INFO(wrong);
    CHECK_FALSE(parse_decimal(wrong));
  }
}

TEST_CASE("dates: zones, fractions, nonsense") {
  CHECK(parse_date_time("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_date_time("2024-02-29T12:34:56.789Z") == 1'709'210'096'789);
  CHECK(parse_date_time("2024-02-29T14:34:56.789+02:00") == 1'709'210'096'789);
  CHECK(parse_date_time("2024-02-29T05:04:56.7890-07:30") == 1'709'210'096'789);
  CHECK(parse_date_time("2024-02-29T05:04:56.7890-0730") == 1'709'210'096'789);  // mixed, but seen
  CHECK(parse_date_time("20240229T123456.789Z") == 1'709'210'096'789);           // the basic form
  CHECK(parse_date_time("20240229T143456,789+0200") == 1'709'210'096'789);
  CHECK(parse_date_time("2024-060T12:34:56.789Z") == 1'709'210'096'789);         // by the day of the year
  CHECK(parse_date_time("2024060T123456.789Z") == 1'709'210'096'789);
  CHECK(parse_date_time("2024-W09-4T12:34:56.789Z") == 1'709'210'096'789);       // and of the week
  CHECK(parse_date_time("2024W094T123456.789Z") == 1'709'210'096'789);
  CHECK(parse_date_time("2024-02-29T12:34.5Z") == 1'709'210'070'000);            // to the minute, to the hour
  CHECK(parse_date_time("2024-02-29T12Z") == 1'709'208'000'000);
  CHECK(parse_date_time("2024-02-28T24:00:00Z") == parse_date_time("2024-02-29T00:00:00Z"));
  for (const char* wrong : {"", "2024-02-30T00:00:00Z", "2024-02-29 00:00:00Z", "2024-02-29T24:00:01Z", "2024-02-29T25:00Z", "2024-02-29T00:60Z", "2024-02-29T00:00:00.Z", "2024-02-29T00:00:00+2", "today",
                            "2024-02-29T000000Z", "20240229T00:00:00Z", "2024-0229T00:00:00Z", "2023-366T00:00:00Z", "2024-W54-1T00:00:00Z", "2024-W09-8T00:00:00Z", "2024-02-29T", "2024-02-29T00:00:00Zx",
                            "2024-02-29", "T00:00:00Z", "20240229T0000001Z"}) {
    INFO(wrong);
    CHECK_FALSE(parse_date_time(wrong));
  }
}

TEST_CASE("the reader finds in the writer's playlists what the writer put in, and nothing wrong") {
  SampleLedger ledger;
  ledger.segments(9).discontinuity().segments(4).parts(2);
  const ReadPlaylist live = read_playlist(live_playlist(ledger.stream(), ledger.rendition("source"), {.window = std::chrono::seconds(20)}));
  CHECK(live.problems.empty());
  CHECK_FALSE(live.multivariant);
  CHECK_FALSE(live.independent_segments);  // the multivariant playlist says it of all
  CHECK(live.media.media_sequence == 3);
  REQUIRE(live.media.segments.size() == 11);
  CHECK(live.media.complete() == 10);
  CHECK(live.media.segments[6].msn == 9);
  CHECK(live.media.segments[6].discontinuity);
  CHECK(live.media.segments[6].discontinuity_sequence == 1);
  CHECK(live.media.segments[5].discontinuity_sequence == 0);
  CHECK(live.media.segments[6].date_ms == 1'763'820'018'000);
  CHECK(live.media.segments.back().uri.empty());
  CHECK(live.media.segments.back().parts.size() == 2);
  CHECK(live.media.hints.at(0).uri == "13.2.m4s");
  CHECK(live.media.reports.size() == 2);
  CHECK(live.media.reports[0].last_msn == 13);
  CHECK(live.media.control->part_hold_back == 1.600002);

  const ReadPlaylist delta = read_playlist(live_playlist(ledger.stream(), ledger.rendition("source"), {.delta = true}));
  CHECK(delta.problems.empty());
  CHECK(delta.media.skipped == 6);
  CHECK(delta.media.segments.front().msn == 6);

  const ReadPlaylist master = read_playlist(multivariant_playlist(ledger.stream(), "s1/", live_playlist_name));
  CHECK(master.problems.empty());
  CHECK(master.multivariant);
  REQUIRE(master.multi.variants.size() == 2);
  CHECK(master.multi.variants[0].uri == "s1/source/playlist.m3u8");
  CHECK(master.multi.variants[0].audio == "audio");
  CHECK(master.multi.variants[0].closed_captions == "NONE");
  CHECK(master.multi.renditions.at(0).is_default);
}

TEST_CASE("line ends of either kind read the same") {
  SampleLedger ledger;
  ledger.segments(7).parts(1);
  const std::string text = live_playlist(ledger.stream(), ledger.rendition("source"), {});
  std::string windows;
  for (const char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
  const ReadPlaylist a = read_playlist(text), b = read_playlist(windows);
  CHECK(b.problems.empty());
  REQUIRE(a.media.segments.size() == b.media.segments.size());
  for (std::size_t i = 0; i < a.media.segments.size(); ++i) CHECK(a.media.segments[i].uri == b.media.segments[i].uri);
}

TEST_CASE("every problem and finding of a playlist cut anywhere is a rule of the table") {
  SampleLedger ledger;
  ledger.segments(8).parts(2);
  const std::string whole = live_playlist(ledger.stream(), ledger.rendition("source"), {}) + multivariant_playlist(ledger.stream(), "", live_playlist_name);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    Subject subject;
    subject.playlists["a.m3u8"] = whole.substr(0, cut);
    subject.playlists["b.m3u8"] = whole.substr(cut);
    for (const Finding& finding : lint(subject)) REQUIRE(find_rule(finding.rule) != nullptr);
  }
}

TEST_CASE("every version of a stream that origind would serve is lint-clean, and so is every step between two") {
  SampleLedger ledger;
  std::optional<ReadPlaylist> before;
  Findings findings;
  for (int step = 0; step < 120; ++step) {
    if (step == 60) ledger.discontinuity();
    if (step == 80) ledger.gap(true);
    if (step == 96) ledger.gap(false);
    ledger.parts(1);
    const ReadPlaylist now = read_playlist(live_playlist(ledger.stream(), ledger.rendition("low"), {.window = std::chrono::seconds(12)}));
    CHECK(now.problems.empty());
    lint_media_playlist(now, "low", findings);
    if (before) lint_update(*before, now, "low", findings);
    before = now;
  }
  for (const Finding& finding : findings) UNSCOPED_INFO(finding.rule << " " << finding.where << " " << finding.what);
  CHECK(findings.empty());
}

TEST_CASE("of a step between two versions each rule is told once, with how often it is broken") {
  const auto listing = [](const std::string& letter) {
    std::string text = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n";
    for (int msn = 0; msn < 6; ++msn) text += "#EXTINF:6,\n" + letter + std::to_string(msn) + ".ts\n";
    return read_playlist(text);
  };
  Findings findings;
  lint_update(listing("s"), listing("q"), "p.m3u8", findings);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].rule == "update-segment-changed");
  CHECK(findings[0].what == "segment 0 was s0.ts and is q0.ts now, and 5 more like it");
  findings.clear();
  lint_update(listing("s"), listing("s"), "p.m3u8", findings);
  CHECK(findings.empty());
}

TEST_CASE("a delta may leave out discontinuities") {
  SampleLedger ledger;
  std::optional<ReadPlaylist> before;
  Findings findings;
  for (int step = 0; step < 160; ++step) {
    if (step % 23 == 20) ledger.discontinuity();
    ledger.parts(1);
    for (const bool delta : {false, true}) {
      const ReadPlaylist now = read_playlist(live_playlist(ledger.stream(), ledger.rendition("low"), {.window = std::chrono::seconds(40), .delta = delta}));
      if (before) lint_update(*before, now, "low", findings);
      before = now;
    }
  }
  CHECK(before->media.skipped > 0);
  for (const Finding& finding : findings) UNSCOPED_INFO(finding.rule << " " << finding.where << " " << finding.what);
  CHECK(findings.empty());
}

TEST_CASE("URIs are resolved within the presentation, and never out of it") {
  CHECK(resolve("a/b.m3u8", "c.m4s") == "a/c.m4s");
  CHECK(resolve("a/b.m3u8", "../d/c.m4s?x=1") == "d/c.m4s");
  CHECK(resolve("b.m3u8", "./c.m4s") == "c.m4s");
  CHECK(resolve("b.m3u8", "../c.m4s").empty());
  CHECK(resolve("b.m3u8", "/c.m4s").empty());
  CHECK(resolve("b.m3u8", "http://x/c.m4s").empty());
}

TEST_CASE("what a playlist uses sets the version that it needs (section 8)") {
  const auto problems = [](std::string_view tags, int version) {
    std::string text = "#EXTM3U\n#EXT-X-VERSION:" + std::to_string(version) + "\n#EXT-X-TARGETDURATION:2\n" + std::string(tags) +
                       "\n#EXTINF:2,\n0.ts\n#EXT-X-ENDLIST\n";
    return sluice::hls::read_playlist(text).problems;
  };
  struct Use {
    const char* tags;
    int version;
  };
  for (const Use& use : {Use{"#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1", 2}, Use{"#EXT-X-I-FRAMES-ONLY", 4},
                         Use{"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"", 5}, Use{"#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"", 8},
                         Use{"#EXT-X-SKIP:SKIPPED-SEGMENTS=1", 9}, Use{"#EXT-X-SKIP:SKIPPED-SEGMENTS=1,RECENTLY-REMOVED-DATERANGES=\"a\"", 10},
                         Use{"#EXT-X-DEFINE:QUERYPARAM=\"a\"", 11}}) {
    INFO(use.tags);
    CHECK(problems(use.tags, use.version).empty());
    const auto low = problems(use.tags, use.version - 1), high = problems(use.tags, use.version + 1);
    REQUIRE(low.size() == 1);
    CHECK(low[0].rule == "version-needed");
    REQUIRE(high.size() == 1);
    CHECK(high[0].rule == "version-excess");
  }
}
