// The feeder closes the input on purpose: what the last pictures and sound of a writer stand for, and where the next goes on.
#include <algorithm>
#include <map>

#include <catch2/catch.hpp>

#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
using namespace sluice::hls::test;

namespace {
// A writer that is fed these, unless `fed` says that there was more, and paused.
void feed(MemoryLedger& ledger, SegmenterStart start, const std::vector<Frame>& frames, std::optional<microseconds> next = {}, const std::vector<Frame>& fed = {}) {
  std::map<std::size_t, microseconds> last;
  for (const Frame& frame : fed.empty() ? frames : fed) last[frame.track] = std::max(last[frame.track], to_us(frame.pts, start.tracks[frame.track].timescale));
  Pause pause{.next = next};
  for (const auto& [track, at] : last) {
    std::optional<microseconds>& told = start.tracks[track].kind() == media::Kind::audio ? pause.sound : pause.picture;
    told = std::min(told.value_or(at), at);  // a rung of these frames may lack the last P-frame, whose B-frames were cut off
  }
  Operations operations;
  Segmenter segmenter(ledger.index, std::move(start), operations);
  for (const Frame& frame : frames) segmenter.push(packet_of(frame), operations);
  segmenter.pause(pause, operations);
  ledger.take(operations);
}

void fill(MemoryLedger& ledger, milliseconds until) {
  Operations operations;
  Segmenter segmenter(ledger.index, SegmenterStart{.vacant = true}, operations);
  segmenter.fill_gaps(until, operations);
  ledger.take(operations);
}

// A segment's first picture or sound is shown then, as its date says.
double shown(const Rendition& r, const Segment& s) {
  return static_cast<double>(s.start() + s.parts.front().composition) / r.record.timescale;
}

void check_same_boundaries(const MemoryLedger& ledger) {
  const Rendition& lead = ledger.index.renditions().front();
  for (const Rendition& r : ledger.index.renditions()) {
    REQUIRE(r.segments.size() == lead.segments.size());
    for (std::size_t i = 0; i < r.segments.size(); ++i) {
      INFO(r.record.name << " segment " << r.segments[i].msn);
      CHECK(std::abs(shown(r, r.segments[i]) - shown(lead, lead.segments[i])) < 0.2);
    }
  }
}

// No segment is shorter than its EXTINF says.
void check_no_gap_beside_media(const MemoryLedger& ledger) {
  for (const Rendition& r : ledger.index.renditions())
    for (const Segment& s : r.segments) {
      INFO(r.record.name << " segment " << s.msn);
      CHECK(std::ranges::count_if(s.parts, [](const Part& p) { return p.flags.gap; }) % static_cast<std::ptrdiff_t>(s.parts.size()) == 0);
    }
}
}  // namespace

TEST_CASE("where sound or picture ends before the other, its last frame stands for the rest, and gaps begin everywhere at once") {
  const std::vector<media::Track> tracks = {video_track(), video_track({30, 1}, "480p30"), audio_track()};
  for (const bool b_frames : {false, true})
    for (int pictures = 125; pictures < 190; pictures += 4)
      for (const int apart_ms : {-480, -330, -160, -30, 0, 30, 160, 330, 480, 900}) {  // picture beyond sound
        INFO(pictures << " pictures, sound ends " << apart_ms << " ms before them, B-frames: " << b_frames);
        const auto picture = video_frames(static_cast<std::size_t>(pictures), {30, 1}, every(60), b_frames);
        const auto rung = video_frames(static_cast<std::size_t>(pictures), {30, 1}, every(60), false, 1, b_frames ? 3000 : 0);  // encoded as it is shown
        const auto sound = audio_frames(static_cast<std::size_t>((pictures * 1000 / 30 - apart_ms) * 48 / 1024), 2);
        MemoryLedger ledger(tracks);
        feed(ledger, {tracks}, interleave(interleave(picture, rung, tracks), sound, tracks), {});
        fill(ledger, milliseconds(14'000));
        feed(ledger, {tracks, true}, interleave(interleave(video_frames(90, {30, 1}, every(60), b_frames, 0, 15 * 90'000), video_frames(90, {30, 1}, every(60), false, 1, 15 * 90'000 + (b_frames ? 3000 : 0)), tracks), audio_frames(140, 2, 15 * 48'000), tracks), {});
        ledger.check_rules(false);
        check_same_boundaries(ledger);
        check_no_gap_beside_media(ledger);
        for (const char* rendition : {"source", "480p30"}) CHECK(ledger.samples.at(rendition).size() == static_cast<std::size_t>(pictures) + 90);
      }
}

TEST_CASE("pictures that end far before the sound are not held for longer than a part bears") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  MemoryLedger ledger(tracks);
  feed(ledger, {tracks}, interleave(video_frames(100, {30, 1}, every(60)), audio_frames(250), tracks), {});
  ledger.check_rules(false);
  CHECK(ledger.index.find("source")->last.flags.gap);
  CHECK(to_us(ledger.index.find("source")->end, 90'000).count() == Approx(to_us(ledger.index.find("audio")->end, 48'000).count()).margin(100'000));
}

TEST_CASE("a rendition that has been silent since a boundary is not held beyond it") {
  const std::vector<media::Track> tracks = {video_track(), video_track({30, 1}, "480p30")};
  std::vector<Frame> silent = video_frames(60, {30, 1}, every(60), false, 1);
  const auto all = interleave(video_frames(150, {30, 1}, every(60)), silent, tracks);
  for (const std::optional<microseconds> next : {std::optional<microseconds>(seconds(5)), std::optional<microseconds>()}) {
    MemoryLedger ledger(tracks);
    feed(ledger, {tracks}, all, next);
    feed(ledger, {.tracks = tracks, .boundary = seconds(5)},
         interleave(video_frames(90, {30, 1}, every(60), false, 0, 450'000), video_frames(90, {30, 1}, every(60), false, 1, 450'000), tracks), {});
    ledger.check_rules(false);
    check_same_boundaries(ledger);
  }
}

TEST_CASE("the last picture before another pipeline lasts until that one's first, however uneven the frames") {
  const std::vector<media::Track> tracks = {video_track({60, 1}), video_track({60, 1}, "720p60"), audio_track()};
  for (const int lead : {0, 6000})  // B-frames: by so much the source is decoded before it is shown
    for (const std::int64_t missing : {0, 1, 3, 10}) {
      INFO(missing << " frames are missing before each keyframe, shown " << lead << " ticks late");
      std::vector<Frame> all;
      for (std::int64_t n = 0; n < 600; ++n)
        if (n % 120 < 120 - missing) {
          all.push_back({0, n * 1500, n * 1500 + lead, 0, n % 120 == 0, static_cast<std::uint32_t>(n)});
          all.push_back({1, n * 1500 + lead, n * 1500 + lead, 1500, n % 120 == 0, static_cast<std::uint32_t>(n)});
        }
      all = interleave(all, audio_frames(468, 2), tracks);
      const microseconds at = seconds(6);
      std::vector<Frame> before, after;
      for (const Frame& frame : all) {
        const std::int64_t change = frame.track == 1 ? 540'000 + lead : frame.track == 0 ? 540'000 : 289'000;
        (frame.dts < change ? before : after).push_back(frame);
      }
      MemoryLedger ledger(tracks);
      feed(ledger, {tracks}, before, at + to_us(lead, 90'000));
      feed(ledger, {.tracks = tracks, .boundary = at}, after, {});
      ledger.check_rules(false);
      check_same_boundaries(ledger);
      CHECK(std::ranges::none_of(ledger.remarks, [](const Remark& r) { return r.what == Remark::What::hole; }));
      for (const char* rendition : {"source", "720p60"}) {
        const auto& kept = ledger.samples.at(rendition);
        CHECK(kept.size() == 5 * static_cast<std::size_t>(120 - missing));
        for (std::size_t i = 1; i < kept.size(); ++i) CHECK(kept[i].start == kept[i - 1].start + kept[i - 1].duration);
        const std::int64_t decoded = rendition == std::string("source") ? 0 : lead;
        for (const auto& sample : kept) CHECK(sample.start == sample.id * 1500 + decoded);  // nothing comes later for it
      }
    }
}

TEST_CASE("sound that comes late after a break has the picture's first segment, too") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  for (std::int64_t late_ms = 0; late_ms < 5000; late_ms += 130) {
    INFO("sound begins " << late_ms << " ms after the picture");
    MemoryLedger ledger(tracks);
    feed(ledger, {tracks}, interleave(video_frames(120, {30, 1}, every(60)), audio_frames(187), tracks), {});
    fill(ledger, milliseconds(9'000));
    feed(ledger, {tracks, true}, interleave(video_frames(240, {30, 1}, every(60), false, 0, 900'000), audio_frames(static_cast<std::size_t>((8000 - late_ms) * 48 / 1024), 1, 480'000 + late_ms * 48), tracks), {});
    ledger.check_rules(false);
    check_same_boundaries(ledger);
    check_no_gap_beside_media(ledger);
  }
}

TEST_CASE("sound that never came between two breaks has a segment of gaps there, where the picture has its own") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  for (const std::size_t pictures : {40, 60, 90, 150})
    for (const bool filled : {false, true}) {
      INFO(pictures << " pictures without sound, gaps after them: " << filled);
      MemoryLedger ledger(tracks);
      feed(ledger, {tracks}, interleave(video_frames(120, {30, 1}, every(60)), audio_frames(187), tracks));
      feed(ledger, {tracks, true}, video_frames(pictures, {30, 1}, every(60), false, 0, 900'000));
      if (filled) fill(ledger, milliseconds(17'000));
      feed(ledger, {tracks, true}, interleave(video_frames(90, {30, 1}, every(60), false, 0, 1'800'000), audio_frames(140, 1, 960'000), tracks));
      ledger.check_rules(false);
      check_same_boundaries(ledger);
      check_no_gap_beside_media(ledger);
    }
}

TEST_CASE("nothing stands for pictures or sound that a pipeline which died left out: they come again") {
  const std::vector<media::Track> tracks = {video_track(), audio_track()};
  const auto pictures = video_frames(120, {30, 1}, every(60));
  const auto sound = audio_frames(187);
  for (const std::optional<microseconds> next : {std::optional<microseconds>(seconds(4)), std::optional<microseconds>()})
    for (const std::size_t there : {20, 85, 110}) {
      INFO(there << " pictures or as much sound");
      MemoryLedger fewer(tracks), quieter(tracks);
      feed(fewer, {tracks}, interleave(video_frames(there, {30, 1}, every(60)), sound, tracks), next, interleave(pictures, sound, tracks));
      CHECK(fewer.index.find("source")->end == static_cast<std::int64_t>(there) * 3000);
      feed(quieter, {tracks}, interleave(pictures, audio_frames(there * 48'000 / 30 / 1024), tracks), next, interleave(pictures, sound, tracks));
      CHECK(quieter.index.find("audio")->end == static_cast<std::int64_t>(there * 48'000 / 30 / 1024) * 1024);
    }
}
