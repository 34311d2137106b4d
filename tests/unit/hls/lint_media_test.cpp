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
