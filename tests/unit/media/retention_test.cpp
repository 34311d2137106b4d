#include "media/retention.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::media;

namespace {
std::shared_ptr<const Run> run_of(std::initializer_list<Codec> codecs, std::uint64_t number = 0) {
  auto run = std::make_shared<Run>();
  run->number = number;
  for (Codec codec : codecs) {
    Track track;
    track.codec = codec;
    track.timescale = kind_of(codec) == Kind::video ? 90'000 : 48'000;
    run->tracks.push_back(track);
  }
  return run;
}

const Bytes payload(1000);

Packet video(int ms, bool key = false, int composition = 0) {
  return {.track = 0, .pts = (ms + composition) * 90, .dts = ms * 90, .duration = 3600, .key = key, .data = payload};
}
Packet audio(int ms, std::size_t track = 1) {
  return {.track = track, .pts = ms * 48, .dts = ms * 48, .duration = 960, .key = true, .data = payload};
}

// Second GOPs of 25 frames with a frame of sound (20 ms) beside each, from `from` to `to` seconds.
void fill(Retention& retention, const std::shared_ptr<const Run>& run, int from, int to) {
  for (int ms = from * 1000; ms < to * 1000; ms += 40) {
    retention.add(run, video(ms, ms % 1000 == 0));
    retention.add(run, audio(ms));
  }
}

std::vector<std::pair<std::size_t, std::int64_t>> feed(Retention& retention, std::size_t count = SIZE_MAX) {
  std::vector<std::pair<std::size_t, std::int64_t>> fed;
  while (fed.size() < count) {
    const Retained* next = retention.peek();
    if (next == nullptr) break;
    fed.emplace_back(next->packet.track, next->dts_us / 1000);
    retention.advance();
  }
  return fed;
}
}  // namespace

TEST_CASE("the cursor gives every packet once, in order") {
  Retention retention;
  fill(retention, run_of({Codec::h264, Codec::aac}), 0, 2);
  CHECK(feed(retention).size() == 100);
  CHECK(retention.peek() == nullptr);
}

TEST_CASE("a restart goes to the latest keyframe at or before the ledgers' end") {
  Retention retention;
  fill(retention, run_of({Codec::h264, Codec::aac}), 0, 5);
  feed(retention);
  CHECK(retention.rewind(3'500'000) == 3'000'000);
  CHECK(feed(retention).front() == std::pair<std::size_t, std::int64_t>(0, 3000));
  CHECK(retention.rewind(3'000'000) == 3'000'000);
  CHECK(retention.rewind(2'999'999) == 2'000'000);
}

TEST_CASE("a restart takes the keyframe's PTS, not its DTS") {
  Retention retention;
  const auto run = run_of({Codec::h264});
  retention.add(run, video(0, true, 80));
  retention.add(run, video(1000, true, 80));
  feed(retention);
  CHECK(retention.rewind(1'040'000) == 80'000);
  CHECK(retention.rewind(1'080'000) == 1'080'000);
}

TEST_CASE("a restart brings the sound that came before its keyframe but belongs after it") {
  Retention retention;
  const auto run = run_of({Codec::h264, Codec::aac});
  retention.add(run, video(0, true));
  retention.add(run, audio(960));
  retention.add(run, audio(980));
  retention.add(run, audio(1000));
  retention.add(run, video(960));
  retention.add(run, audio(1020));
  retention.add(run, video(1000, true));
  feed(retention);
  CHECK(retention.rewind(1'000'000) == 1'000'000);
  using Fed = std::vector<std::pair<std::size_t, std::int64_t>>;
  CHECK(feed(retention) == Fed{{1, 1000}, {1, 1020}, {0, 1000}});
  retention.passed(1'000'000);
  CHECK(retention.rewind(1'000'000) == 1'000'000);
  CHECK(feed(retention) == Fed{{1, 1000}, {1, 1020}, {0, 1000}});
}

TEST_CASE("what every ledger has passed is let go, what is not fed stays") {
  Retention retention;
  fill(retention, run_of({Codec::h264, Codec::aac}), 0, 5);
  retention.passed(4'000'000);
  CHECK(retention.packets() == 250);
  feed(retention, 125);
  retention.passed(4'000'000);
  CHECK(retention.packets() == 125);
  feed(retention);
  retention.passed(4'000'000);
  CHECK(retention.packets() == 50);
  CHECK(retention.rewind(4'500'000) == 4'000'000);
  CHECK(retention.counts().forgotten_gops == 0);
}

TEST_CASE("past the cap whole GOPs go and are counted") {
  Retention retention({.time = seconds(3), .bytes = 64u << 20});
  fill(retention, run_of({Codec::h264, Codec::aac}), 0, 10);
  CHECK(retention.span() <= seconds(3));
  CHECK(retention.counts().dropped_gops == 7);
  CHECK(retention.counts().dropped_packets == 7 * 50);
  const auto fed = feed(retention);
  CHECK(fed.front() == std::pair<std::size_t, std::int64_t>(0, 7000));
  CHECK(fed.size() == 150);
}

TEST_CASE("a GOP that was half fed is not gone on with") {
  Retention retention({.time = seconds(3), .bytes = 64u << 20});
  const auto run = run_of({Codec::h264, Codec::aac});
  fill(retention, run, 0, 2);
  feed(retention, 30);
  fill(retention, run, 2, 6);
  CHECK(feed(retention).front() == std::pair<std::size_t, std::int64_t>(0, 3000));
  CHECK(retention.counts().dropped_packets == 20 + 100);
}

TEST_CASE("letting go of what was fed but not acknowledged is no loss yet") {
  Retention retention({.time = seconds(3), .bytes = 64u << 20});
  const auto run = run_of({Codec::h264, Codec::aac});
  for (int s = 0; s < 10; ++s) {
    fill(retention, run, s, s + 1);
    feed(retention);
  }
  CHECK(retention.counts().dropped_packets == 0);
  CHECK(retention.counts().forgotten_gops == 7);
  CHECK(retention.rewind(0) == 7'000'000);
}

TEST_CASE("a GOP larger than the cap that waits is dropped up to the next keyframe") {
  Retention retention({.time = seconds(100), .bytes = 10'500});
  const auto run = run_of({Codec::h264});
  for (int i = 0; i < 25; ++i) retention.add(run, video(i * 40, i == 0));
  CHECK(retention.packets() == 0);
  CHECK(retention.counts().dropped_packets == 25);
  retention.add(run, video(1000, true));
  CHECK(feed(retention).size() == 1);
}

TEST_CASE("a GOP longer than the cap is held whole for as long as the ledgers keep up") {
  Retention retention({.time = seconds(3), .bytes = 64u << 20});
  const auto run = run_of({Codec::h264, Codec::aac});
  for (int ms = 0; ms < 10'000; ms += 40) {
    retention.add(run, video(ms, ms == 0));
    retention.add(run, audio(ms));
    feed(retention);
    retention.passed(ms * 1000);
  }
  CHECK(retention.counts().dropped_packets == 0);
  CHECK(retention.counts().forgotten_gops == 0);
  CHECK(retention.rewind(9'000'000) == 0);
  CHECK(feed(retention).size() == 500);
}

TEST_CASE("a GOP larger than the cap goes on when it is being fed, and cannot be begun again") {
  Retention retention({.time = seconds(100), .bytes = 10'500});
  const auto run = run_of({Codec::h264});
  for (int i = 0; i < 100; ++i) {
    retention.add(run, video(i * 40, i == 0));
    CHECK(feed(retention).size() == 1);
  }
  CHECK(retention.bytes() <= 10'500);
  CHECK(retention.counts().dropped_packets == 0);
  CHECK(retention.counts().forgotten_gops == 1);
  retention.add(run, video(4000));  // the pipeline dies before it has it
  CHECK(retention.rewind(2'000'000) == std::nullopt);
  CHECK(retention.counts().dropped_packets == 1);
  retention.add(run, video(4040));
  CHECK(retention.peek() == nullptr);
  retention.add(run, video(4080, true));
  CHECK(feed(retention).front().second == 4080);
}

TEST_CASE("a pipeline that dies in a GOP whose keyframe is no longer held goes on at the next one") {
  Retention retention({.time = seconds(100), .bytes = 20'500});
  const auto run = run_of({Codec::h264});
  for (int i = 0; i < 40; ++i) {
    retention.add(run, video(i * 40, i == 0));
    feed(retention);
  }
  for (int i = 40; i < 50; ++i) retention.add(run, video(i * 40));
  retention.add(run, video(2000, true));
  CHECK(retention.rewind(1'500'000) == 2'000'000);
  CHECK(retention.counts().dropped_packets == 10);
  CHECK(feed(retention).front().second == 2000);
}

TEST_CASE("sound that goes on without the picture is fed") {
  Retention retention({.time = seconds(3), .bytes = 64u << 20});
  const auto run = run_of({Codec::h264, Codec::aac});
  fill(retention, run, 0, 1);
  feed(retention);
  for (int ms = 1000; ms < 20'000; ms += 20) {
    retention.add(run, audio(ms));
    CHECK(feed(retention).size() == 1);
  }
  CHECK(retention.counts().dropped_packets == 0);
  CHECK(retention.span() <= seconds(3));
}

TEST_CASE("without video every packet is a start") {
  Retention retention;
  const auto run = run_of({Codec::aac});
  for (int ms = 0; ms < 1000; ms += 20) retention.add(run, audio(ms, 0));
  feed(retention);
  CHECK(retention.rewind(500'000) == 500'000);
  feed(retention);
  retention.passed(900'000);
  CHECK(retention.packets() == 5);
}

TEST_CASE("the cursor says when the next packet belongs to another run") {
  Retention retention;
  const auto one = run_of({Codec::h264}, 0), two = run_of({Codec::hevc}, 1);
  retention.add(one, video(0, true));
  retention.add(two, video(1000, true));
  CHECK(retention.next_run() == one);
  retention.advance();
  CHECK(retention.next_run() == two);
  retention.advance();
  CHECK(retention.next_run() == nullptr);
  CHECK(retention.rewind(500'000) == 0);
  CHECK(retention.next_run() == one);
}

TEST_CASE("a cap holds for packets, however small they are") {
  Retention retention({.time = seconds(1'000), .packets = 1'000});
  const auto run = run_of({Codec::h264});
  for (int i = 0; i < 5'000; ++i) retention.add(run, video(i, i % 100 == 0));
  CHECK(retention.packets() <= 1'000);
  CHECK(retention.counts().dropped_packets >= 4'000);
}
