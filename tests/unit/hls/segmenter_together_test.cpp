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

TEST_CASE("where pictures stop, the sound goes on and the source is encoded from there on, all renditions begin their segments together") {
  const std::vector<media::Track> tracks{video_track(), video_track({15, 1}, "480p15"), audio_track()};
  const bool b_frames = GENERATE(false, true);
  const std::int64_t lead = b_frames ? 6000 : 0;  // by which a picture is shown after it is decoded
  for (const double from : {6.5, 7.9, 8.0, 8.5, 9.3})
    for (const double lasts : {0.3, 0.6, 1.2, 2.5, 4.8})
      for (const double undecodable : {0.0, 0.15, 0.43, 0.47, 0.51, 0.55, 1.0}) {  // of what comes after the hole, until a picture can be made of it
        INFO("no pictures from " << from << " s on, for " << lasts << " s, nor any of the first " << undecodable << " s behind; B-frames: " << b_frames);
        const auto stop = static_cast<std::int64_t>(from * 90'000), begin = static_cast<std::int64_t>((from + lasts + undecodable) * 90'000);
        std::vector<Frame> before, after;
        for (const Frame& frame : video_frames(480, {30, 1}, every(60))) {
          Frame source = frame, rung = frame;
          source.pts += lead;
          rung.track = 1, rung.dts += lead, rung.pts += lead, rung.duration = 6000;
          if (frame.dts < stop) before.push_back(source);
          if (frame.dts < stop && frame.id % 2 == 0) before.push_back(rung);
          if (frame.dts >= begin) {  // encoded: decoded as it is shown
            source.dts = source.pts;
            source.key = rung.key = frame.key || after.empty();
            if (frame.id % 2 == 0 || after.empty()) after.push_back(rung);
            after.push_back(source);
          }
        }
        const auto fed = static_cast<std::int64_t>((from + lasts) * 48'000);  // until a picture told that the source cannot be passed on
        for (const Frame& frame : audio_frames(750, 2)) (frame.dts < fed ? before : after).push_back(frame);
        const microseconds next = to_us((stop + 2999) / 3000 * 3000 + lead, 90'000);
        MemoryLedger ledger(tracks);
        Operations operations;
        Segmenter first(ledger.index, {tracks}, operations);
        for (const Frame& frame : interleave(before, {}, tracks)) first.push(packet_of(frame), operations);
        first.pause({.next = next, .picture = next - milliseconds(34), .sound = to_us(fed, 48'000) - milliseconds(22)}, operations);
        ledger.take(operations);
        Segmenter second(ledger.index, {.tracks = tracks, .new_config = {true, false, false}, .key_grid = seconds(2)}, operations);
        for (const Frame& frame : interleave(after, {}, tracks)) second.push(packet_of(frame), operations);
        second.finish(true, operations);
        ledger.take(operations);

        ledger.check_rules(false);
        farthest_apart(ledger);
        const Rendition& source = *ledger.index.find("source");
        for (const Rendition& r : ledger.index.renditions()) {
          INFO(r.record.name);
          CHECK(r.segments.size() == source.segments.size());
          for (const Segment& segment : r.segments) {
            INFO("segment " << segment.msn);
            for (const Part& part : segment.parts) CHECK(part.flags.gap == segment.gap());
            const auto same = std::ranges::find(source.segments, segment.msn, &Segment::msn);
            if (same != source.segments.end()) CHECK(segment.parts.front().flags.discontinuity == same->parts.front().flags.discontinuity);
          }
        }
        CHECK(came(ledger, "audio") == 750);
      }
}
