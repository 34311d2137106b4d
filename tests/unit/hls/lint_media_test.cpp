#include <catch2/catch.hpp>

#include "hls/cmaf.hpp"
#include "hls/lint.hpp"
#include "hls/sample_parameters.hpp"
#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;

namespace {

// Sound of 2 s segments at 48,000 ticks a second, segment N from 2 N seconds on; `late` ticks are added from segment `from` on.
struct Media {
  std::uint64_t from = ~0ULL;
  std::int64_t late = 0;
  bool within = false;  // of segment `from`, whose first half is in time
  Findings findings;
  MediaLint lint{"audio.m3u8", true, false, [this](const std::string& path) { return load(path); }, findings};

  Result<Bytes> load(const std::string& path) const {
    if (path == "init.mp4") return cmaf_header(test::audio_track());
    const std::uint64_t msn = std::stoull(path);
    const std::int64_t begins = static_cast<std::int64_t>(msn) * 96'000;
    Bytes out;
    if (within && msn == from) {
      append_chunk(out, begins, 48'000);
      append_chunk(out, begins + 48'000 + late, 48'000);
    } else {
      append_chunk(out, begins + (msn >= from ? late : 0), 96'000);
    }
    return out;
  }
  static void append_chunk(Bytes& out, std::int64_t begins, std::uint32_t lasts) {
    const std::vector<Sample> samples{{100, lasts, 0, true}};
    cmaf_chunk_head(out, 1, begins, media::Kind::audio, samples);
    append(out, Bytes(100));
  }
  void add(std::uint64_t msn) { lint.add({.msn = msn, .duration = 2, .uri = std::to_string(msn) + ".m4s", .map = "init.mp4"}); }
};

}  // namespace

TEST_CASE("media that does not go on where the segment before ended is found") {
  Media media{.from = 2, .late = 48'000};
  for (const std::uint64_t msn : {0, 1, 2, 3}) media.add(msn);
  REQUIRE(media.findings.size() == 1);
  CHECK(std::string(media.findings[0].rule) == "timestamps-continuous");
  CHECK(media.findings[0].what == "it begins at 240000, the one before ended at 192000 (1/48000 s)");
}

TEST_CASE("where media does not go on within a segment, that is where the hole is said to be") {
  for (const std::uint64_t from : {0, 2}) {  // nothing is known of what is before the first
    Media media{.from = from, .late = 24'000, .within = true};
    for (const std::uint64_t msn : {0, 1, 2}) media.add(msn);
    REQUIRE_FALSE(media.findings.empty());
    CHECK(std::string(media.findings[0].rule) == "timestamps-continuous");
    CHECK(media.findings[0].what == (from == 0 ? "within it decode times go from 48000 to 72000 (1/48000 s)" : "within it decode times go from 240000 to 264000 (1/48000 s)"));
  }
}

TEST_CASE("segments that were never listed, since a window moved on by more than its length, leave no hole in what is judged") {
  Media media;
  for (const std::uint64_t msn : {0, 1, 5, 6}) media.add(msn);
  CHECK(media.findings.empty());
}

TEST_CASE("a segment has as much media as its EXTINF says, but for what is missing of it before a gap") {
  const bool gap_follows = GENERATE(false, true), gap_told = GENERATE(false, true);
  for (const double told : {1.5, 2.0, 3.0}) {
    INFO("EXTINF is " << told << " s, the samples last 2 s" << (gap_told ? ", a part is a gap" : "") << (gap_follows ? ", a gap follows" : ""));
    Media media;
    const ReadPlaylist playlist = read_playlist(
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:3\n#EXT-X-MAP:URI=\"init.mp4\"\n" +
        std::string(gap_told ? "#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-PART:DURATION=1,URI=\"0.9.m4s\",GAP=YES\n" : "") + "#EXTINF:" +
        std::to_string(told) + ",\n0.m4s\n" + (gap_follows ? "#EXT-X-GAP\n" : "") + "#EXTINF:2,\n1.m4s\n");
    lint_media({"audio.m3u8", &playlist}, true, [&](const std::string& path) { return media.load(path); }, media.findings);
    const bool right = told == 2.0 || (told > 2 && (gap_follows || gap_told));
    CHECK((media.findings.empty() || std::string(media.findings[0].rule) == "extinf-media-duration"));
    CHECK(media.findings.empty() == right);
  }
}

TEST_CASE("parameter sets in samples: those of the header do no harm, others are found, and nothing is told of what cannot be read") {
  const auto bytes = [](std::initializer_list<int> values) {
    Bytes out;
    for (const int value : values) out.push_back(static_cast<std::byte>(value));
    return out;
  };
  const auto joined = [](const Bytes& a, const Bytes& b) {
    Bytes out = a;
    append(out, b);
    return out;
  };
  // 160x96 and 128x64, baseline.
  const Bytes set = bytes({0x67, 0x42, 0xc0, 0x0a, 0xda, 0x0a, 0x36, 0x40}), other = bytes({0x67, 0x42, 0xc0, 0x0a, 0xda, 0x08, 0x26, 0x40});
  const Bytes config = joined(joined(bytes({1, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0, 8}), set), bytes({1, 0, 4, 0x68, 0xce, 0x3c, 0x80}));
  const auto unit = [&](const Bytes& nal) { return joined(bytes({0, 0, 0, static_cast<int>(nal.size())}), nal); };
  const Bytes slice = unit(bytes({0x65, 1, 2, 3}));
  const SampleParameters known("avc1", config);
  CHECK_FALSE(known.differing(slice));
  CHECK_FALSE(known.differing(joined(unit(set), slice)));
  CHECK_FALSE(known.differing(joined(unit(joined(set, bytes({0}))), slice)));  // trailing zeros
  CHECK(known.differing(joined(unit(other), slice)) == "a sample brings a sequence parameter set (128x64) that its header does not have (160x96)");
  CHECK(known.differing(joined(unit(set), unit(other))));
  CHECK(known.differing(unit(bytes({0x67}))));
  for (std::size_t cut = 0; cut < config.size(); ++cut) CHECK_FALSE(SampleParameters("avc1", ByteView(config).first(cut)).differing(ByteView(slice).first(std::min(cut, slice.size()))));
  CHECK_FALSE(SampleParameters("avc1", {}).differing(unit(other)));
}

TEST_CASE("a variant of sound alone has the rates of its group, beside which its own playlist is not counted again") {
  const ReadPlaylist master = read_playlist(
      "#EXTM3U\n"
      "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",LANGUAGE=\"en\",URI=\"audio.m3u8\"\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=300000,AVERAGE-BANDWIDTH=300000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=64x36,FRAME-RATE=30,AUDIO=\"a\"\n"
      "video.m3u8\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=100000,AVERAGE-BANDWIDTH=100000,CODECS=\"mp4a.40.2\",AUDIO=\"a\"\n"
      "audio.m3u8\n");
  MediaFacts video{.found = true, .peak_bps = 200'000, .average_bps = 200'000, .codecs = {"avc1"}};
  MediaFacts audio{.found = true, .peak_bps = 100'000, .average_bps = 100'000, .codecs = {"mp4a"}};
  const auto found = [&] {
    Findings findings;
    lint_declared(master, "m", [&](const std::string& uri) { return uri == "video.m3u8" ? &video : &audio; }, true, findings);
    return findings.size();
  };
  CHECK(found() == 0);
  audio.peak_bps = 130'000;
  CHECK(found() == 1);  // of the sound alone: beside the picture it makes less of a difference
  video.peak_bps = 250'000;
  CHECK(found() == 2);
}
