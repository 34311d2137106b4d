#include <catch2/catch.hpp>

#include "hls/cmaf.hpp"
#include "hls/lint.hpp"
#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;

namespace {

// Sound of 2 s segments at 48,000 ticks a second, segment N from 2 N seconds on; `late` ticks are added from segment `from` on.
struct Media {
  std::uint64_t from = ~0ULL;
  std::int64_t late = 0;
  Findings findings;
  MediaLint lint{"audio.m3u8", true, false, [this](const std::string& path) { return load(path); }, findings};

  Result<Bytes> load(const std::string& path) const {
    if (path == "init.mp4") return cmaf_header(test::audio_track());
    const std::uint64_t msn = std::stoull(path);
    const std::vector<Sample> samples{{100, 96'000, 0, true}};
    Bytes out;
    cmaf_chunk_head(out, 1, static_cast<std::int64_t>(msn) * 96'000 + (msn >= from ? late : 0), media::Kind::audio, samples);
    append(out, Bytes(100));
    return out;
  }
  void add(std::uint64_t msn) { lint.add({.msn = msn, .duration = 2, .uri = std::to_string(msn) + ".m4s", .map = "init.mp4"}); }
};

}  // namespace

TEST_CASE("media that does not go on where the segment before ended is found") {
  Media media{.from = 2, .late = 48'000};
  for (const std::uint64_t msn : {0, 1, 2, 3}) media.add(msn);
  REQUIRE(media.findings.size() == 1);
  CHECK(std::string(media.findings[0].rule) == "timestamps-continuous");
}

TEST_CASE("segments that were never listed, since a window moved on by more than its length, leave no hole in what is judged") {
  Media media;
  for (const std::uint64_t msn : {0, 1, 5, 6}) media.add(msn);
  CHECK(media.findings.empty());
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
