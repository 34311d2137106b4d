// All renditions begin a segment together, also where one of them begins late or stops at a boundary.
#include <algorithm>
#include <cstdlib>

#include <catch2/catch.hpp>

#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
using namespace sluice::hls::test;

namespace {

// When the segment's first frame is shown: what its date stands for.
double shown_s(const Rendition& r, const Segment& segment) {
  return static_cast<double>(segment.start() + segment.parts.front().composition) / r.record.timescale;
}

// Of every rendition's segments, how far at most one begins from that of the first rendition.
double farthest_apart(const MemoryLedger& ledger) {
  const Rendition& first = ledger.index.renditions().front();
  double most = 0;
  for (const Rendition& r : ledger.index.renditions())
    for (const Segment& segment : r.segments)
      for (const Segment& other : first.segments)
        if (other.msn == segment.msn) {
          INFO(r.record.name << " segment " << segment.msn << " begins at " << shown_s(r, segment) << ", the first rendition's at " << shown_s(first, other));
          CHECK(std::abs(shown_s(r, segment) - shown_s(first, other)) < 0.3);
          most = std::max(most, std::abs(shown_s(r, segment) - shown_s(first, other)));
        }
  return most;
}

// Sound that does not come from `from` to `to`, s.
std::vector<Frame> silent_between(double from, double to, std::size_t track, std::size_t count = 700) {
  auto frames = audio_frames(count, track);
  std::erase_if(frames, [&](const Frame& frame) {
    const double at = static_cast<double>(frame.dts) / 48'000;
    return at >= from && at < to;
  });
  return frames;
}

std::size_t came(const MemoryLedger& ledger, const std::string& rendition) {
  std::set<std::uint32_t> ids;
  for (const auto& kept : ledger.samples.at(rendition)) ids.insert(kept.id);
  return ids.size();
}

}  // namespace

TEST_CASE("sound that begins late begins its first segment where the picture does") {
  const std::vector<media::Track> tracks{video_track(), audio_track()};
  const bool b_frames = GENERATE(false, true);
  for (const double late : {0.1, 0.25, 0.5, 0.9, 1.9, 1.99, 2.01, 2.5, 3.0, 3.9, 5.2}) {
    INFO("sound from " << late << " s on");
    const auto sound = silent_between(0, late, 1);
    MemoryLedger ledger(tracks);
    run(ledger, tracks, interleave(video_frames(450, {30, 1}, every(60), b_frames), sound, tracks));
    ledger.check_rules(false);
    ledger.check_ids("source", 450);
    CHECK(farthest_apart(ledger) < 0.21);
    CHECK(came(ledger, "audio") == sound.size());
    // Not earlier than the segment that it begins in, and as it was sent from there on.
    const Rendition& audio = *ledger.index.find("audio");
    CHECK(shown_s(audio, audio.segments.front()) > late - 2.2);
    for (const auto& kept : ledger.samples.at("audio"))
      if (kept.id > sound.front().id) CHECK(std::abs(kept.start - static_cast<std::int64_t>(kept.id) * 1024) < 1024);
    for (const Segment& segment : audio.segments) CHECK_FALSE(segment.gap());
  }
}

TEST_CASE("sound that stops about a boundary begins the segments behind it where the picture does") {
  const std::vector<media::Track> tracks{video_track(), audio_track()};
  const bool b_frames = GENERATE(false, true);
  for (const double from : {7.2, 7.5, 7.6, 7.9, 7.97, 8.0, 8.05, 8.1, 8.5, 9.3})
    for (const double lasts : {0.02, 0.05, 0.1, 0.3, 0.6, 1.2, 2.0, 5.0}) {
      INFO("no sound from " << from << " s on, for " << lasts << " s");
      const auto sound = silent_between(from, from + lasts, 1);
      MemoryLedger ledger(tracks);
      run(ledger, tracks, interleave(video_frames(450, {30, 1}, every(60), b_frames), sound, tracks));
      ledger.check_rules(false);
      CHECK(farthest_apart(ledger) < 0.1);
      CHECK(came(ledger, "audio") == sound.size());
      for (const Segment& segment : ledger.index.find("audio")->segments)
        for (const Part& part : segment.parts) CHECK(part.flags.gap == segment.gap());
    }
}
