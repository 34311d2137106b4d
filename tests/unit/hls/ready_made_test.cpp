// A publisher's own ladder: the first video track fixes the boundaries, others follow it or are gaps; what is fed no more is gaps.
#include <algorithm>

#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
using namespace sluice::hls::test;

namespace {
struct Ladder {
  std::vector<media::Track> tracks{video_track({30, 1}, "720p30"), video_track({30, 1}, "480p30"), video_track({30, 1}, "360p30"), audio_track()};
  std::vector<Frame> frames;

  explicit Ladder(std::size_t count, std::size_t gop_of_second = 60) {
    const auto merge = [&](std::vector<Frame> more) { frames = interleave(std::move(more), frames, tracks); };
    merge(video_frames(count, {30, 1}, every(60)));
    merge(video_frames(count, {30, 1}, every(gop_of_second), false, 1));
    merge(video_frames(count, {30, 1}, every(60), true, 2));
    merge(audio_frames(count * 48'000 / 30 / 1024, 3));
  }
};

// `until`: what is fed of the frames before the segmenter dies, leaving its open parts unwritten, unless the stream ended, or the run.
void feed(MemoryLedger& ledger, const std::vector<media::Track>& tracks, const std::vector<Frame>& frames, std::size_t until, bool ended, bool paused = false) {
  Operations operations;
  Segmenter segmenter(ledger.index, {.tracks = tracks, .ready_made = true}, operations);
  for (std::size_t i = 0; i < until; ++i) {
    segmenter.push(packet_of(frames[i]), operations);
    ledger.take(operations);
  }
  if (ended) segmenter.finish(true, operations);
  if (paused) segmenter.pause({.next = seconds(12)}, operations);
  if (ended || paused) ledger.take(operations);
}

std::vector<std::int64_t> starts(const MemoryLedger& ledger, const std::string& rendition) {
  std::vector<std::int64_t> found;
  for (const Segment& segment : ledger.index.find(rendition)->segments) found.push_back(segment.start() / 9);
  return found;
}
}  // namespace

TEST_CASE("all tracks of a publisher's ladder begin their segments together, each with a keyframe") {
  const Ladder ladder(600);
  MemoryLedger ledger(ladder.tracks);
  feed(ledger, ladder.tracks, ladder.frames, ladder.frames.size(), true);
  ledger.check_rules();
  for (const char* name : {"720p30", "480p30", "360p30"}) {
    ledger.check_ids(name, 600);
    CHECK(starts(ledger, name) == starts(ledger, "720p30"));
    for (const Segment& segment : ledger.index.find(name)->segments) CHECK(segment.parts.front().flags.independent);
  }
}

TEST_CASE("a new writer anywhere in a publisher's ladder: every frame once in every rendition") {
  const Ladder ladder(300);
  for (std::size_t cut = 1; cut < ladder.frames.size(); cut += 41) {
    INFO("cut at " << cut);
    MemoryLedger ledger(ladder.tracks);
    feed(ledger, ladder.tracks, ladder.frames, cut, false);
    feed(ledger, ladder.tracks, ladder.frames, ladder.frames.size(), true);
    ledger.check_rules(false);
    for (const char* name : {"720p30", "480p30", "360p30"}) ledger.check_ids(name, 300);
    CHECK(ledger.samples.at("audio").size() >= 300 * 48'000 / 30 / 1024 - 1);
  }
}

TEST_CASE("a track without a keyframe where a segment begins is a gap until it has one, and never leads") {
  const Ladder ladder(600, 50);
  MemoryLedger ledger(ladder.tracks);
  feed(ledger, ladder.tracks, ladder.frames, ladder.frames.size(), true);
  ledger.check_rules();
  ledger.check_ids("720p30", 600);
  ledger.check_ids("360p30", 600);
  for (const Segment& segment : ledger.index.find("480p30")->segments) {
    INFO("segment " << segment.msn);
    CHECK((segment.parts.front().flags.independent || segment.parts.front().flags.gap));
  }
  CHECK(ledger.samples.at("480p30").size() < 600);
  for (const double length : ledger.segment_seconds("720p30")) CHECK(length == Approx(2));
}

TEST_CASE("a rendition that no track feeds any more goes on as gaps, and comes back where it is fed again") {
  const Ladder ladder(900);
  MemoryLedger ledger(ladder.tracks);
  const auto part_of = [&](std::int64_t from, std::int64_t to, bool with_second) {
    std::vector<Frame> some;
    for (const Frame& frame : ladder.frames) {
      const std::int64_t at = frame.dts * 1000 / ladder.tracks[frame.track].timescale;
      if (at >= from && at < to && (with_second || frame.track != 1)) some.push_back(frame);
    }
    return some;
  };
  const auto run_of = [&](const std::vector<Frame>& frames, std::vector<media::Track> tracks, std::optional<microseconds> boundary, bool ended) {
    Operations operations;
    Segmenter segmenter(ledger.index, {.tracks = tracks, .boundary = boundary, .ready_made = true}, operations);
    for (Frame frame : frames) {
      if (tracks.size() == 3 && frame.track > 1) --frame.track;
      segmenter.push(packet_of(frame), operations);
      ledger.take(operations);
    }
    segmenter.finish(ended, operations);
    ledger.take(operations);
  };
  run_of(part_of(0, 10'000, true), ladder.tracks, {}, false);
  run_of(part_of(10'000, 20'000, false), {ladder.tracks[0], ladder.tracks[2], ladder.tracks[3]}, seconds(10), false);
  CHECK(ledger.index.find("480p30")->shed);
  CHECK(ledger.index.find("480p30")->last.flags.gap);
  run_of(part_of(20'000, 30'000, true), ladder.tracks, seconds(20), true);
  ledger.check_rules(false);
  CHECK_FALSE(ledger.index.find("480p30")->shed);
  CHECK(ledger.samples.at("480p30").size() == 600);
  ledger.check_ids("720p30", 900);
  ledger.check_ids("360p30", 900);
  CHECK(starts(ledger, "480p30") == starts(ledger, "720p30"));
}

TEST_CASE("a rendition that a dead writer left behind at a discontinuity has it too") {
  const Ladder ladder(240);
  MemoryLedger ledger(ladder.tracks);
  feed(ledger, ladder.tracks, ladder.frames, ladder.frames.size(), false);
  // The next writer begins with a discontinuity and dies when only the first track has a part of it.
  std::vector<Frame> later;
  for (Frame frame : ladder.frames) {
    const std::int64_t on = 20LL * ladder.tracks[frame.track].timescale;
    frame.dts += on, frame.pts += on, frame.id += 240;
    later.push_back(frame);
  }
  Operations operations;
  {
    Segmenter dies(ledger.index, {.tracks = ladder.tracks, .discontinuity = true, .ready_made = true}, operations);
    ledger.take(operations);
    for (const Frame& frame : later) {
      dies.push(packet_of(frame), operations);
      if (operations.empty()) continue;
      std::erase_if(operations, [](const Operation& o) {
        const auto* part = std::get_if<WritePart>(&o);
        return part && part->rendition != "720p30";
      });
      const bool begun = !operations.empty();
      ledger.take(operations);
      if (begun) break;
    }
  }
  feed(ledger, ladder.tracks, later, later.size(), true);
  const auto breaks = [&](const char* name) {
    std::vector<MediaSequence> found;
    for (const Segment& segment : ledger.index.find(name)->segments)
      if (segment.discontinuity()) found.push_back(segment.msn);
    return found;
  };
  REQUIRE(breaks("720p30").size() == 1);
  for (const char* name : {"480p30", "360p30", "audio"}) CHECK(breaks(name) == breaks("720p30"));
}

TEST_CASE("when the first track stops, the others go on without it, a little later, at their own keyframes") {
  const Ladder ladder(900);
  const std::int64_t stops = GENERATE(7'266, 8'000, 9'990);  // ms
  const bool gives_up = GENERATE(false, true);
  INFO("it stops at " << stops << " ms" << (gives_up ? ", and the run ends" : ""));
  MemoryLedger ledger(ladder.tracks);
  Operations operations;
  Segmenter segmenter(ledger.index, {.tracks = ladder.tracks, .ready_made = true}, operations);
  ledger.take(operations);
  const std::int64_t until = gives_up ? 12'000 : 30'000;
  for (const Frame& frame : ladder.frames) {
    const std::int64_t at = frame.dts * 1000 / ladder.tracks[frame.track].timescale;
    if (at >= until || (frame.track == 0 && at >= stops)) continue;
    segmenter.push(packet_of(frame), operations);
    ledger.take(operations);
    for (const char* name : {"480p30", "360p30", "audio"}) {
      const Rendition& r = *ledger.index.find(name);
      if (at < 1000) continue;
      INFO(name << " at " << at << " ms");
      CHECK(at - r.end * 1000 / r.record.timescale < 1500);  // of which two thirds of a second are a part
    }
  }
  if (gives_up) {
    segmenter.pause({.next = seconds(12)}, operations);
  } else {
    segmenter.finish(true, operations);
  }
  ledger.take(operations);
  ledger.check_rules(false);
  for (const char* name : {"480p30", "360p30"}) {
    ledger.check_ids(name, static_cast<std::size_t>(until * 30 / 1000));
    for (const Segment& segment : ledger.index.find(name)->segments) {
      INFO(name << " segment " << segment.msn);
      CHECK(segment.parts.front().flags.independent);
      CHECK(segment.start() == static_cast<std::int64_t>(segment.msn) * 180'000);
    }
  }
  CHECK(std::ranges::none_of(ledger.remarks, [](const Remark& r) { return r.what == Remark::What::forced_cut; }));
}

TEST_CASE("the segment in which a track stopped keeps what there is of it: what it lacks is a gap before the rendition is shed") {
  const Ladder ladder(600);
  const std::size_t stopped = GENERATE(0u, 1u, 3u);
  const std::int64_t stops = GENERATE(7'266, 7'990, 8'000);  // ms
  const bool breaks = GENERATE(false, true);
  const std::string name = ladder.tracks[stopped].rendition;
  INFO(name << " stops at " << stops << " ms" << (breaks ? ", and a discontinuity follows" : ""));
  MemoryLedger ledger(ladder.tracks);
  std::vector<Frame> first;
  for (const Frame& frame : ladder.frames) {
    const std::int64_t at = frame.dts * 1000 / ladder.tracks[frame.track].timescale;
    if (at < 12'000 && (frame.track != stopped || at < stops)) first.push_back(frame);
  }
  feed(ledger, ladder.tracks, first, first.size(), false, true);
  const Segment open = ledger.index.find(name)->segments.back();
  std::vector<media::Track> others = ladder.tracks;
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(stopped));
  Operations operations;
  Segmenter segmenter(ledger.index, {.tracks = others, .discontinuity = breaks, .boundary = seconds(12), .ready_made = true}, operations);
  bool shed = false;
  std::int64_t end = open.end();
  for (const Operation& operation : operations) {
    if (const auto* record = std::get_if<ShedRecord>(&operation); record && record->rendition == name) {
      CHECK(record->gone);  // not for want of a machine
      shed = true;
    }
    const auto* part = std::get_if<WritePart>(&operation);
    if (!part || part->rendition != name) continue;
    CHECK(part->part.flags.gap);
    CHECK(part->part.start == end);
    end = part->part.end();
    CHECK(shed == (part->part.msn > open.msn));
  }
  CHECK(shed);
  ledger.take(operations);
  ledger.check_rules(false);
  CHECK(ledger.index.find(name)->gone);

  operations.clear();
  Segmenter another(ledger.index, {.tracks = others, .boundary = seconds(12), .ready_made = true}, operations);
  CHECK(std::ranges::none_of(operations, [](const Operation& operation) { return std::holds_alternative<ShedRecord>(operation); }));
}

TEST_CASE("a rendition that was shed and is no longer fed is told as gone, and as live when it is fed again") {
  const Ladder ladder(600);
  const std::string name = ladder.tracks[1].rendition;
  MemoryLedger ledger(ladder.tracks);
  feed(ledger, ladder.tracks, ladder.frames, 300, false, true);
  Operations operations = {ShedRecord{name, true}};
  ledger.take(operations);
  CHECK_FALSE(ledger.index.find(name)->gone);
  std::vector<media::Track> others = ladder.tracks;
  others.erase(others.begin() + 1);
  operations.clear();
  Segmenter without(ledger.index, {.tracks = others, .ready_made = true}, operations);
  ledger.take(operations);
  CHECK(ledger.index.find(name)->shed);
  CHECK(ledger.index.find(name)->gone);
  feed(ledger, ladder.tracks, ladder.frames, ladder.frames.size(), true, true);
  CHECK_FALSE(ledger.index.find(name)->shed);
  CHECK_FALSE(ledger.index.find(name)->gone);
}
