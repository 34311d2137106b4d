#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <tuple>

#include "hls/ledger_view.hpp"
#include "hls/lint.hpp"
#include "hls/playlist_writer.hpp"
#include "unit/hls/sample_ledger.hpp"

using namespace sluice;
using namespace sluice::hls;

namespace {


bool contains(const std::string& text, const std::string& what) { return text.find(what) != std::string::npos; }

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("a live low-latency playlist, whole") {
  SampleLedger ledger;
  ledger.segments(1).parts(2);
  CHECK(live_playlist(ledger.stream(), ledger.rendition("source"), {}) ==
        "#EXTM3U\n"
        "#EXT-X-VERSION:6\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.600002,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0\n"
        "#EXT-X-PART-INF:PART-TARGET=0.533334\n"
        "#EXT-X-MAP:URI=\"init-0.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2025-11-22T14:00:00.000Z\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"0.0.m4s\",INDEPENDENT=YES\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"0.1.m4s\"\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"0.2.m4s\"\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"0.3.m4s\"\n"
        "#EXTINF:2.000000,\n"
        "0.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2025-11-22T14:00:02.000Z\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"1.0.m4s\",INDEPENDENT=YES\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"1.1.m4s\"\n"
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"1.2.m4s\"\n"
        "#EXT-X-RENDITION-REPORT:URI=\"../low/playlist.m3u8\",LAST-MSN=1,LAST-PART=1\n"
        "#EXT-X-RENDITION-REPORT:URI=\"../audio/playlist.m3u8\",LAST-MSN=1,LAST-PART=1\n");
}

TEST_CASE("parts are listed for the last three target durations only") {
  SampleLedger ledger;
  ledger.segments(10);
  const std::string text = live_playlist(ledger.stream(), ledger.rendition("source"), {});
  CHECK(count(text, "#EXT-X-PART:") == 3 * 4);
  CHECK_FALSE(contains(text, "\"6.3.m4s\""));
  CHECK(contains(text, "\"7.0.m4s\""));
}

TEST_CASE("the window slides, never below six segments nor backwards") {
  SampleLedger ledger;
  const LiveOptions options{.window = std::chrono::seconds(4), .least = 6};
  std::size_t before = 0;
  for (int i = 0; i < 30; ++i) {
    ledger.segments(1);
    const std::size_t first = window_start(ledger.rendition("source"), options);
    CHECK(first >= before);
    before = first;
    CHECK(ledger.rendition("source").complete() - first == std::min<std::size_t>(i + 1, 6));
  }
  CHECK(contains(live_playlist(ledger.stream(), ledger.rendition("source"), options), "#EXT-X-MEDIA-SEQUENCE:24\n"));
}

TEST_CASE("a delta update skips what lies beyond the skip boundary, at version 9, and repeats the map") {
  SampleLedger ledger;
  ledger.segments(15);
  const std::string text = live_playlist(ledger.stream(), ledger.rendition("source"), {.delta = true});
  CHECK(contains(text, "#EXT-X-VERSION:9\n"));
  CHECK(contains(text, "#EXT-X-MEDIA-SEQUENCE:0\n"));
  CHECK(contains(text, "#EXT-X-SKIP:SKIPPED-SEGMENTS=8\n#EXT-X-MAP:URI=\"init-0.mp4\"\n"));
  CHECK_FALSE(contains(text, "\n7.m4s\n"));
  CHECK(contains(text, "\n8.m4s\n"));
}

TEST_CASE("the skip boundary is counted in durations: time that passed without media before a discontinuity is not") {
  SampleLedger ledger;
  ledger.segments(15);
  RenditionView late = ledger.rendition("source");
  for (std::size_t i = 10; i < late.segments.size(); ++i) late.segments[i].start += late.segments[i].duration;
  CHECK(contains(live_playlist(ledger.stream(), late, {.delta = true}), "#EXT-X-SKIP:SKIPPED-SEGMENTS=8\n"));
}

TEST_CASE("a stream too short to skip answers a delta request with the whole playlist") {
  SampleLedger ledger;
  ledger.segments(3);
  CHECK(live_playlist(ledger.stream(), ledger.rendition("source"), {.delta = true}) ==
        live_playlist(ledger.stream(), ledger.rendition("source"), {}));
}

TEST_CASE("discontinuities are tagged, and counted once they have left the window") {
  SampleLedger ledger;
  ledger.segments(3).discontinuity().segments(3);
  const LiveOptions options{.window = std::chrono::seconds(0), .least = 6};
  const std::string text = live_playlist(ledger.stream(), ledger.rendition("source"), options);
  CHECK(contains(text, "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"));
  CHECK(contains(text, "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2025-11-22T14:00:06.000Z\n#EXT-X-PART:DURATION=0.500000,URI=\"3.0.m4s\""));
  ledger.segments(4);
  const std::string later = live_playlist(ledger.stream(), ledger.rendition("source"), options);
  CHECK(contains(later, "#EXT-X-MEDIA-SEQUENCE:4\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n"));
  CHECK_FALSE(contains(later, "#EXT-X-DISCONTINUITY\n"));
}

TEST_CASE("a new codec configuration brings a new map, before the first part") {
  SampleLedger ledger;
  ledger.segments(2).new_init().discontinuity().segments(1);
  const std::string text = live_playlist(ledger.stream(), ledger.rendition("source"), {});
  CHECK(contains(text, "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init-1.mp4\"\n#EXT-X-PROGRAM-DATE-TIME:"));
  CHECK(count(text, "#EXT-X-MAP") == 2);
}

TEST_CASE("a shed rendition's parts and segments are gaps") {
  SampleLedger ledger;
  ledger.segments(1).gap(true).segments(1).gap(false).parts(1);
  const std::string text = live_playlist(ledger.stream(), ledger.rendition("low"), {});
  CHECK(contains(text, "#EXT-X-PART:DURATION=0.500000,URI=\"1.0.m4s\",GAP=YES\n"));
  CHECK(contains(text, "#EXT-X-GAP\n#EXTINF:2.000000,\n1.m4s\n"));
  CHECK_FALSE(contains(live_playlist(ledger.stream(), ledger.rendition("source"), {}), "GAP"));
}

TEST_CASE("a segment in which the rendition was shed is a gap, once it is complete; a hole of the source makes none") {
  SampleLedger ledger;
  ledger.segments(1).parts(2).shed(true).gap(true).parts(1);
  CHECK(contains(live_playlist(ledger.stream(), ledger.rendition("low"), {}), "URI=\"1.0.m4s\",INDEPENDENT=YES\n"));
  ledger.parts(1).gap(false).shed(false).segments(1).parts(3).gap(true).parts(1);
  const std::string text = live_playlist(ledger.stream(), ledger.rendition("low"), {});
  CHECK_FALSE(contains(text, "URI=\"1.0.m4s\""));  // it was listed while it was there, and has not become a gap
  CHECK(contains(text, "#EXT-X-GAP\n#EXTINF:2.000000,\n1.m4s\n"));
  CHECK_FALSE(contains(text, "#EXT-X-GAP\n#EXTINF:2.000000,\n2.m4s\n"));
  CHECK(contains(text, "URI=\"3.3.m4s\",GAP=YES\n#EXTINF:2.000000,\n3.m4s\n"));
}

TEST_CASE("an ended stream has an ENDLIST and neither hint nor reports") {
  SampleLedger ledger;
  ledger.segments(7).parts(2).end();
  const std::string text = live_playlist(ledger.stream(), ledger.rendition("source"), {});
  CHECK(contains(text, "#EXTINF:1.000000,\n7.m4s\n#EXT-X-ENDLIST\n"));
  CHECK_FALSE(contains(text, "PRELOAD-HINT"));
  CHECK_FALSE(contains(text, "RENDITION-REPORT"));
  CHECK(text == live_playlist(ledger.stream(), ledger.rendition("source"), {.delta = true}));
}

TEST_CASE("a plain playlist has nothing of low latency") {
  SampleLedger ledger;
  ledger.segments(7).parts(2);
  const std::string text = live_playlist(ledger.stream(), ledger.rendition("source"), {.low_latency = false});
  CHECK_FALSE(contains(text, "PART"));
  CHECK_FALSE(contains(text, "SERVER-CONTROL"));
  CHECK_FALSE(contains(text, "7.m4s"));
  CHECK(contains(text, "\n6.m4s\n"));
}

TEST_CASE("the whole stream is EVENT while live, VOD when it has ended, neither once its beginning is gone") {
  SampleLedger ledger;
  ledger.segments(20).parts(1);
  const std::string live = whole_playlist(ledger.stream(), ledger.rendition("source"));
  CHECK(contains(live, "#EXT-X-PLAYLIST-TYPE:EVENT\n"));
  CHECK(count(live, "#EXTINF") == 20);
  CHECK_FALSE(contains(live, "ENDLIST"));
  ledger.end();
  const std::string over = whole_playlist(ledger.stream(), ledger.rendition("source"));
  CHECK(contains(over, "#EXT-X-PLAYLIST-TYPE:VOD\n"));
  CHECK(count(over, "#EXTINF") == 21);
  CHECK(contains(over, "20.m4s\n#EXT-X-ENDLIST\n"));

  SampleLedger pruned;
  pruned.segments(20).remove_before(5);
  const std::string rest = whole_playlist(pruned.stream(), pruned.rendition("source"));
  CHECK_FALSE(contains(rest, "PLAYLIST-TYPE"));
  CHECK(contains(rest, "#EXT-X-MEDIA-SEQUENCE:5\n"));
}

TEST_CASE("the gaps of a publisher who is away are live at once, and of the whole stream when media comes again") {
  StreamView stream;
  stream.target_duration_s = 2;
  stream.apply(RenditionRecord{.name = "source", .init = 0, .kind = media::Kind::video, .codecs = "avc1.64001f", .timescale = 90'000}, 10);
  const auto segment = [&](MediaSequence msn, bool gap) {
    PartRecord part{.rendition = "source"};
    part.part.msn = msn;
    part.part.start = static_cast<std::int64_t>(msn) * 180'000;
    part.part.duration = 180'000;
    part.part.bytes = gap ? 0 : 1000;
    part.part.flags = {.independent = !gap, .last = true, .gap = gap};
    stream.apply(part, 10);
  };
  const RenditionView& source = *stream.find("source");
  segment(0, false), segment(1, true), segment(2, true);
  CHECK(count(live_playlist(stream, source, {}), "#EXT-X-GAP") == 2);
  CHECK(count(whole_playlist(stream, source), "#EXTINF") == 1);
  StreamView over = stream;
  over.ended = true;
  CHECK(contains(whole_playlist(over, *over.find("source")), "\n0.m4s\n#EXT-X-ENDLIST\n"));
  segment(3, false);
  CHECK(count(whole_playlist(stream, source), "#EXTINF") == 4);
  CHECK(count(whole_playlist(stream, source), "#EXT-X-GAP") == 2);
}

TEST_CASE("what is over does not begin with gaps that all renditions have") {
  StreamView stream;
  stream.target_duration_s = 2;
  for (const char* name : {"source", "low"})
    stream.apply(RenditionRecord{.name = name, .init = 0, .kind = media::Kind::video, .codecs = "avc1.64001f", .timescale = 90'000}, 10);
  const auto segment = [&](const char* name, MediaSequence msn, bool gap, bool discontinuity = false) {
    PartRecord part{.rendition = name};
    part.part.msn = msn;
    part.part.start = static_cast<std::int64_t>(msn) * 180'000;
    part.part.duration = 180'000;
    part.part.bytes = gap ? 0 : 1000;
    part.part.flags = {.independent = !gap, .last = true, .gap = gap, .discontinuity = discontinuity};
    stream.apply(part, 10);
  };
  const std::string gaps = GENERATE("gg.g", "ggg.", "....");  // of "low"; "source" has "gg.g"
  const MediaSequence breaks = GENERATE(0u, 1u, 2u);          // where a discontinuity stands
  for (MediaSequence msn = 0; msn < 4; ++msn) {
    segment("source", msn, std::string("gg.g")[msn] == 'g', msn == breaks);
    segment("low", msn, gaps[msn] == 'g', msn == breaks);
  }
  const auto lists = [&](const char* name) { return whole_playlist(stream, *stream.find(name)); };
  CHECK(contains(lists("source"), "#EXT-X-MEDIA-SEQUENCE:0\n"));
  stream.ended = true;
  const bool whole = gaps == "....";
  for (const char* name : {"source", "low"}) {
    CHECK(contains(lists(name), whole ? "#EXT-X-MEDIA-SEQUENCE:0\n" : "#EXT-X-MEDIA-SEQUENCE:2\n"));
    CHECK(contains(lists(name), fmt::format("#EXT-X-DISCONTINUITY-SEQUENCE:{}\n", !whole && breaks < 2 ? 1 : 0)));
    CHECK(contains(lists(name), "#EXT-X-PLAYLIST-TYPE:VOD\n"));
  }
  CHECK(count(lists("source"), "#EXTINF") == (whole ? 3 : 1));
  CHECK(count(lists("low"), "#EXTINF") == (whole ? 4 : gaps == "ggg." ? 2 : 1));
}

TEST_CASE("a stream whose renditions do not begin together is no VOD when it has ended, but an event that is over") {
  for (const double late : {0.0, 0.02, 2.0}) {
    INFO("late by " << late);
    StreamView stream;
    stream.target_duration_s = 2;
    for (const auto& [name, timescale, start] : {std::tuple{"source", 90'000u, 0.0}, {"audio", 48'000u, late}}) {
      stream.apply(RenditionRecord{.name = name, .init = 0, .kind = media::Kind::video, .codecs = "avc1.64001f", .timescale = timescale}, 10);
      PartRecord part{.rendition = name};
      part.part.msn = start < 2 ? 0 : 1;
      part.part.start = static_cast<std::int64_t>(start * timescale);
      part.part.duration = 2 * timescale;
      part.part.bytes = 1000;
      part.part.flags = {.independent = true, .last = true};
      stream.apply(part, 10);
    }
    stream.ended = true;
    for (const char* name : {"source", "audio"}) {
      const std::string text = whole_playlist(stream, *stream.find(name));
      CHECK(contains(text, late < 2 ? "#EXT-X-PLAYLIST-TYPE:VOD\n" : "#EXT-X-PLAYLIST-TYPE:EVENT\n"));
      CHECK(contains(text, "#EXT-X-ENDLIST\n"));
    }
  }
}

TEST_CASE("the multivariant playlist names variants, their audio group and what they need") {
  SampleLedger ledger;
  ledger.segments(2);
  CHECK(multivariant_playlist(ledger.stream(), "s1/", live_playlist_name) ==
        "#EXTM3U\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"audio\",DEFAULT=YES,AUTOSELECT=YES,LANGUAGE=\"und\",CHANNELS=\"2\",URI=\"s1/audio/playlist.m3u8\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=6128000,AVERAGE-BANDWIDTH=6128000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO=\"audio\",CLOSED-CAPTIONS=NONE\n"
        "s1/source/playlist.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=1128000,AVERAGE-BANDWIDTH=928000,CODECS=\"avc1.4d401e,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=30.000,AUDIO=\"audio\",CLOSED-CAPTIONS=NONE\n"
        "s1/low/playlist.m3u8\n");
}

TEST_CASE("further sound is in the same group, the first one its default, each with its language, or und where none is told") {
  StreamView stream;
  stream.target_duration_s = 2;
  const auto add = [&](const char* name, media::Kind kind, const char* codecs, const char* language) {
    RenditionRecord record{.name = name, .kind = kind, .codecs = codecs, .timescale = 1000, .language = language};
    stream.apply(record, 10);
    PartRecord part{.rendition = name};
    part.part.bytes = 1000;
    part.part.duration = 2000;
    part.part.flags = {.independent = true, .last = true};
    stream.apply(part, 10);
  };
  add("1080p60", media::Kind::video, "avc1.64002a", "");
  add("720p30", media::Kind::video, "avc1.64001f", "");
  add("audio", media::Kind::audio, "mp4a.40.2", "");
  add("audio2", media::Kind::audio, "opus", "de");
  SECTION("of which one codec's name is the beginning of another's") {
    add("audio3", media::Kind::audio, "mp4a.40.29", "fr");
    add("audio4", media::Kind::audio, "mp4a.40.2", "it");
    CHECK(contains(multivariant_playlist(stream, "", "playlist.m3u8"), "CODECS=\"avc1.64002a,mp4a.40.2,opus,mp4a.40.29\""));
    StreamView other;
    std::swap(stream, other);
    stream.target_duration_s = 2;
    add("source", media::Kind::video, "avc1.64001f", "");
    add("audio", media::Kind::audio, "mp4a.40.29", "");
    add("audio2", media::Kind::audio, "mp4a.40.2", "");
    CHECK(contains(multivariant_playlist(stream, "", "playlist.m3u8"), "CODECS=\"avc1.64001f,mp4a.40.29,mp4a.40.2\""));
    return;
  }
  const std::string text = multivariant_playlist(stream, "", "playlist.m3u8");
  CHECK(contains(text, "GROUP-ID=\"audio\",NAME=\"audio\",DEFAULT=YES,AUTOSELECT=YES,LANGUAGE=\"und\",URI=\"audio/playlist.m3u8\""));
  CHECK(contains(text, "GROUP-ID=\"audio\",NAME=\"audio2\",DEFAULT=NO,AUTOSELECT=YES,LANGUAGE=\"de\",URI=\"audio2/playlist.m3u8\""));
  CHECK(contains(text, "CODECS=\"avc1.64002a,mp4a.40.2,opus\""));
  CHECK(contains(text, "CODECS=\"avc1.64001f,mp4a.40.2,opus\""));
}

TEST_CASE("the whole stream has no rung that came late, where one from its beginning is still there") {
  StreamView stream;
  stream.target_duration_s = 2;
  const auto add = [&](const char* name, media::Kind kind, MediaSequence begin, MediaSequence end) {
    stream.apply(RenditionRecord{.name = name, .kind = kind, .codecs = kind == media::Kind::video ? "avc1.64001f" : "mp4a.40.2", .timescale = 1000}, 10);
    for (MediaSequence msn = begin; msn < end; ++msn) {
      PartRecord part{.rendition = name};
      part.part.msn = msn;
      part.part.start = static_cast<std::int64_t>(msn) * 2000;
      part.part.bytes = 1000;
      part.part.duration = 2000;
      part.part.flags = {.independent = true, .last = true};
      stream.apply(part, 10);
    }
  };
  const auto lists = [&](const char* playlist, const char* name) {
    return contains(multivariant_playlist(stream, "", playlist), fmt::format("\n{}/{}\n", name, playlist));
  };
  add("source", media::Kind::video, 0, 9);
  add("gone", media::Kind::video, 0, 4);
  add("late", media::Kind::video, 4, 9);
  add("audio", media::Kind::audio, 1, 9);
  for (const char* name : {"source", "gone", "late"}) CHECK(lists(live_playlist_name, name));
  for (const char* name : {"source", "gone", "late"}) CHECK(lists(published_playlist_name, name));
  CHECK(lists(whole_playlist_name, "source"));
  CHECK(lists(whole_playlist_name, "gone"));
  CHECK_FALSE(lists(whole_playlist_name, "late"));
  CHECK(contains(multivariant_playlist(stream, "", whole_playlist_name), "URI=\"audio/whole.m3u8\""));
  SECTION("what was there from the beginning is not any more") {
    for (const char* name : {"source", "gone"}) stream.apply(ShedRecord{.rendition = name, .shed = true, .gone = true}, 10);
    CHECK(lists(whole_playlist_name, "late"));
  }
  SECTION("its beginning has been removed") {
    stream.apply(RemovedRecord{3}, 10);
    CHECK_FALSE(lists(whole_playlist_name, "late"));
    stream.apply(RemovedRecord{4}, 10);
    for (const char* name : {"source", "late"}) CHECK(lists(whole_playlist_name, name));
  }
}

TEST_CASE("sound that is asked for alone is the last variant, of the rates and codecs of its group") {
  StreamView stream;
  stream.target_duration_s = 2;
  const auto add = [&](const char* name, media::Kind kind, const char* codecs, std::uint64_t bytes, bool alone) {
    RenditionRecord record{.name = name, .kind = kind, .codecs = codecs, .timescale = 1000, .alone = alone};
    if (kind == media::Kind::video) record.width = 64, record.height = 36, record.frame_rate = {30, 1};
    stream.apply(record, 10);
    PartRecord part{.rendition = name};
    part.part.bytes = bytes;
    part.part.duration = 2000;
    part.part.flags = {.independent = true, .last = true};
    stream.apply(part, 10);
  };
  add("source", media::Kind::video, "avc1.64001f", 100'000, false);
  add("audio", media::Kind::audio, "mp4a.40.2", 20'000, true);
  add("audio2", media::Kind::audio, "opus", 30'000, false);
  const std::string text = multivariant_playlist(stream, "", "playlist.m3u8");
  CHECK(contains(text, "BANDWIDTH=520000,AVERAGE-BANDWIDTH=520000,CODECS=\"avc1.64001f,mp4a.40.2,opus\",RESOLUTION=64x36,FRAME-RATE=30.000,AUDIO=\"audio\",CLOSED-CAPTIONS=NONE\nsource/playlist.m3u8\n"));
  CHECK(text.ends_with("#EXT-X-STREAM-INF:BANDWIDTH=120000,AVERAGE-BANDWIDTH=120000,CODECS=\"mp4a.40.2,opus\",AUDIO=\"audio\",CLOSED-CAPTIONS=NONE\naudio/playlist.m3u8\n"));
  CHECK(contains(text, "NAME=\"audio\",DEFAULT=YES,AUTOSELECT=YES,LANGUAGE=\"und\""));
  CHECK(contains(text, "NAME=\"audio2\",DEFAULT=NO,AUTOSELECT=NO,LANGUAGE=\"und\""));  // a player could not tell which to choose
  Findings findings;
  lint_multivariant(read_playlist(text), "m", findings);
  CHECK(findings.empty());
  lint_for_apple(read_playlist(text), "m", findings);
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].rule == "several-bit-rates");
  CHECK(findings[1].rule == "i-frame-variant");
}

TEST_CASE("sound without any picture is listed once, asked for alone or not") {
  SampleLedger ledger;
  ledger.segments(2);
  StreamView stream = ledger.stream();
  std::erase_if(stream.renditions, [](const RenditionView& r) { return r.kind == media::Kind::video; });
  const std::string plain = multivariant_playlist(stream, "", "playlist.m3u8");
  stream.renditions.front().alone = true;
  CHECK(multivariant_playlist(stream, "", "playlist.m3u8") == plain);
}

TEST_CASE("measured rates count when they are above the declared ones") {
  SampleLedger ledger;
  ledger.part_bytes(1'000'000).segments(2);
  const Rates rate = rates(ledger.rendition("low"), 2);
  CHECK(rate.peak == 16'000'000);
  CHECK(rate.average == 16'000'000);
}

TEST_CASE("the peak is of neighbours that last half a target duration to one and a half") {
  RenditionView rendition;
  rendition.timescale = 1000;
  const auto add = [&](std::int64_t ms, std::uint64_t bytes) {
    SegmentView segment;
    segment.duration = ms;
    segment.bytes = bytes;
    segment.complete = true;
    rendition.segments.push_back(segment);
  };
  add(2000, 25'000);  // 100 kbit/s
  add(100, 25'000);   // a keyframe almost alone: too short to count by itself
  add(900, 25'000);
  add(2000, 25'000);
  CHECK(rates(rendition, 2).peak == 400'000);
}

TEST_CASE("independence is claimed only as long as every segment keeps it") {
  SampleLedger ledger;
  ledger.segments(2).independent(false).segments(1).independent(true).segments(1);
  CHECK_FALSE(contains(live_playlist(ledger.stream(), ledger.rendition("source"), {}), "INDEPENDENT-SEGMENTS"));
  CHECK_FALSE(contains(multivariant_playlist(ledger.stream(), "", live_playlist_name), "INDEPENDENT-SEGMENTS"));
}

TEST_CASE("where nobody sees to keyframes, independence is claimed when no segment comes any more, and then of all or none") {
  const bool keeps = GENERATE(true, false), over = GENERATE(false, true);
  SampleLedger ledger(true);
  ledger.segments(2).independent(keeps).segments(1);
  if (over) ledger.end();
  CHECK(contains(multivariant_playlist(ledger.stream(), "", live_playlist_name), "INDEPENDENT-SEGMENTS") == (keeps && over));
  for (const char* name : {"source", "low", "audio"}) {
    CHECK_FALSE(contains(live_playlist(ledger.stream(), ledger.rendition(name), {}), "INDEPENDENT-SEGMENTS"));
    CHECK_FALSE(contains(whole_playlist(ledger.stream(), ledger.rendition(name)), "INDEPENDENT-SEGMENTS"));
  }
}

TEST_CASE("parts are forgotten six target durations behind the edge") {
  SampleLedger ledger;
  ledger.segments(20);
  const auto& segments = ledger.rendition("source").segments;
  CHECK(segments[12].parts.empty());
  CHECK(segments[13].parts.size() == 4);
  CHECK(segments.size() == 20);
}

TEST_CASE("parts of media that comes in a burst are kept as long by the clock, within reason") {
  SampleLedger ledger;
  for (int i = 0; i < 20; ++i) ledger.later(-2000 * i).segments(1);
  const auto& segments = ledger.rendition("source").segments;
  CHECK(segments[0].parts.size() == 4);
  for (int i = 20; i < 80; ++i) ledger.later(-2000 * i).segments(1);
  CHECK(segments[15].parts.empty());
  CHECK(segments[16].parts.size() == 4);
}
