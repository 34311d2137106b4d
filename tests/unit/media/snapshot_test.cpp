// A stream's intake and retention saved after any packet, and gone on with in other objects, as if nothing had been.
#include "media/snapshot.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "media/intake.hpp"
#include "media/lifecycle.hpp"
#include "snapshots.hpp"

using namespace sluice;
using sluice::test::restored;
using sluice::test::saved;
using namespace sluice::media;
using namespace std::chrono_literals;

namespace {
const Bytes payload(100);
const Steady start{1h};

Track picture(std::uint32_t height, char config = 'a') {
  return {.codec = Codec::h264, .config = to_bytes(std::string(1, config)), .width = height * 16 / 9, .height = height, .frame_rate = {30, 1}};
}
Track sound() { return {.codec = Codec::aac, .config = to_bytes("\x11\x90"), .sample_rate = 48'000}; }

// A stream, and what a pipeline took of it.
struct Rig {
  FakeClock clock;
  std::unique_ptr<Retention> retention = std::make_unique<Retention>(RetentionLimits{.time = 4s});
  std::unique_ptr<Intake> intake = std::make_unique<Intake>(*retention);
  std::string fed;

  Rig() { intake->begin(0, false); }

  void move() {
    const auto bytes = std::make_shared<const Bytes>(saved(*retention, *intake));
    auto next = std::make_unique<Retention>(RetentionLimits{.time = 4s});
    auto into = std::make_unique<Intake>(*next);
    SnapshotReader in(*bytes, bytes);
    in(*next, *into);
    REQUIRE(in.finish());
    CHECK(next->bytes() == retention->bytes());
    CHECK(next->span() == retention->span());
    CHECK(into->deadline() == intake->deadline());
    intake = std::move(into);
    retention = std::move(next);
    CHECK(saved(*retention, *intake) == *bytes);
  }

  void feed(std::size_t most) {
    for (; most > 0; --most) {
      const Retained* next = retention->peek();
      if (next == nullptr) return;
      fed += std::to_string(next->run->number) + (next->run->discontinuity ? "!" : "") + ":" + next->run->tracks[next->packet.track].rendition +
             " " + std::to_string(next->packet.dts) + "/" + std::to_string(next->packet.pts) + (next->packet.key ? "k" : "") + "#" +
             std::to_string(next->packet.data.size()) + "\n";
      retention->advance();
    }
  }

  void offer(Kind kind, std::uint64_t raw, bool key, int composition = 0, std::uint8_t id = 0) {
    intake->offer({.kind = kind, .raw = raw, .composition = composition, .key = key, .data = payload, .id = id}, clock.steady());
  }

  // Everything that may happen to a stream: a late second track, B-frames, a clock that jumps, a new configuration, a second picture,
  // a publisher that comes back, and is silent for a while, a restart of the pipeline. `cut` says after which step the stream moves.
  void live(std::size_t cut) {
    std::size_t step = 0;
    const auto then = [&] {
      if (step++ == cut) move();
    };
    intake->configure(sound());
    intake->announce(1, 1);
    for (std::uint64_t ms = 0; ms < 100; ms += 20) offer(Kind::audio, ms, true), then();
    intake->configure(picture(720));
    for (std::uint64_t ms = 100; ms < 5000; ms += 40) {
      if (ms == 2100) intake->configure(picture(720, 'b'));
      if (ms == 3100) intake->configure(picture(360), 1);
      const std::uint64_t raw = ms < 1500 ? ms : ms + 40'000;  // a jump
      offer(Kind::video, raw, ms % 1000 == 100, 80);
      if (ms >= 3100) offer(Kind::video, raw, ms % 1000 == 100, 80, 1);
      then();
      offer(Kind::audio, raw, true);
      offer(Kind::audio, raw + 20, true);
      clock.advance(40ms);
      if (ms == 1700) retention->rewind(1'200'000);
      if (ms % 400 == 100) retention->passed(static_cast<std::int64_t>(ms) * 1000 - 900'000);
      feed(ms < 2500 || ms > 4000 ? 5 : 0);
      then();
    }
    intake->begin(6'000'000, true);
    then();
    intake->configure(picture(720));
    intake->announce(1, 0);
    for (std::uint64_t ms = 7; ms < 1000; ms += 40) offer(Kind::video, ms, ms == 7), then();
    intake->pause();
    then();
    clock.advance(2s);
    offer(Kind::video, 1007, false), then();
    REQUIRE(intake->can_resume(clock.steady()));
    intake->resume(9'000'000, clock.steady());
    offer(Kind::video, 1047, false), then();
    feed(SIZE_MAX);
  }
};
}  // namespace

TEST_CASE("a stream may move after any packet: what is fed is the same") {
  Rig uncut;
  uncut.live(SIZE_MAX);
  REQUIRE(std::ranges::count(uncut.fed, '\n') > 300);
  for (std::size_t cut = 0; cut < 285; ++cut) {
    Rig rig;
    rig.live(cut);
    REQUIRE(rig.fed == uncut.fed);
    CHECK(rig.intake->counts().packets == uncut.intake->counts().packets);
    CHECK(rig.intake->counts().repairs == uncut.intake->counts().repairs);
    CHECK(rig.retention->counts().dropped_packets == uncut.retention->counts().dropped_packets);
  }
}

TEST_CASE("a clock that has shown more than 24 bits is still one of 32 after a move") {
  Timeline timeline;
  timeline.begin(1u << 24, 0);
  timeline.set_track(0, Kind::video, video_timescale, 0);
  for (std::uint64_t ms = 0; ms < 1000; ms += 40) timeline.stamp(0, (1u << 24) + ms, 0, start + milliseconds(ms));

  Timeline next;
  REQUIRE(restored(saved(timeline), next));
  // It starts anew, where a clock of 24 bits would have wrapped.
  for (Timeline* each : {&timeline, &next}) {
    const auto stamp = each->stamp(0, 1000, 0, start + 1s);
    REQUIRE(stamp);
    CHECK(stamp->repaired);
    CHECK(each->repairs() == 1);
  }
}

TEST_CASE("a GOP that is longer than the cap stays whole after a move: the ledger has most of it") {
  Rig rig;
  rig.intake->configure(picture(720));
  rig.intake->announce(1, 0);
  for (std::int64_t ms = 0; ms < 10'000; ms += 40) {
    rig.offer(Kind::video, static_cast<std::uint64_t>(ms), ms == 0);
    rig.feed(SIZE_MAX);
    rig.retention->passed((ms - 500) * 1000);
  }
  rig.retention->rewind(9'500'000);
  rig.move();
  rig.offer(Kind::video, 10'000, false);
  CHECK(rig.retention->counts().dropped_packets == 0);
  CHECK(rig.retention->packets() == 251);
}

TEST_CASE("a track that counts by a clock that is not there is refused") {
  Rig rig;
  rig.intake->configure(picture(720), 7);
  rig.intake->announce(1, 0);
  rig.offer(Kind::video, 0, true, 0, 7);
  const Bytes bytes = saved(*rig.retention, *rig.intake);
  Bytes words;  // video, track 7, clock 0: as the track has it, and as the next session would
  ByteWriter out(words);
  for (const std::uint64_t word : {0u, 7u, 0u}) out.be64(word);
  unsigned found = 0;
  for (auto at = bytes.begin(); (at = std::search(at, bytes.end(), words.begin(), words.end())) != bytes.end(); ++at, ++found) {
    Bytes torn = bytes;
    torn[static_cast<std::size_t>(at - bytes.begin()) + 16] = std::byte{1};
    Retention retention;
    Intake intake(retention);
    CHECK_FALSE(restored(torn, retention, intake));
  }
  CHECK(found == 2);
}

TEST_CASE("a torn stream is refused and holds nothing") {
  Rig rig;
  rig.live(SIZE_MAX);
  rig.intake->configure(picture(360), 1);
  const Bytes bytes = saved(*rig.retention, *rig.intake);
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    Retention retention;
    Intake intake(retention);
    REQUIRE_FALSE(restored(ByteView(bytes).first(size), retention, intake));
    CHECK((retention.peek() == nullptr || intake.tracks().empty()));
  }
}

namespace {
// With a publisher, and a pipeline that was asked for.
Lifecycle spawning() {
  Lifecycle life({}, start, false);
  life.publisher_arrived();
  life.data(true);
  REQUIRE(life.next(start) == Step::spawn);
  return life;
}

Lifecycle running() {
  Lifecycle life = spawning();
  life.spawned(start);
  return life;
}
}  // namespace

TEST_CASE("a held stream ends its pipeline, starts none, and does not end; gone on with, it does what it would have done") {
  Lifecycle life = running();
  life.hold();
  CHECK_FALSE(life.idle());
  CHECK(life.next(start) == Step::kill);
  CHECK_FALSE(life.next(start + 20s));
  life.exited(true, start + 10s);
  life.data(true);
  life.publisher_gone(true, start + 10s);
  CHECK(life.idle());
  CHECK_FALSE(life.next(start + 60s));
  CHECK_FALSE(life.deadline());

  Lifecycle next({}, start, false);
  REQUIRE(restored(saved(life), next));
  CHECK_FALSE(next.held());
  life.go_on();
  for (Lifecycle* each : {&life, &next}) {
    CHECK(each->next(start + 60s) == Step::spawn);
    each->spawned(start + 60s);
    each->data(false);
    CHECK(each->next(start + 61s) == Step::mark_end);
    CHECK(each->next(start + 61s) == Step::close_input);
  }
}

TEST_CASE("a pipeline that is being closed when the stream is held may finish, within its time") {
  Lifecycle life = running();
  life.boundary();
  REQUIRE(life.next(start) == Step::close_input);
  life.hold();
  CHECK_FALSE(life.next(start + 1s));
  CHECK(life.deadline() == start + 10s);
  CHECK(life.next(start + 10s) == Step::kill);
}

TEST_CASE("a pipeline that was asked for is withdrawn when the stream is held") {
  Lifecycle life = spawning();
  life.hold();
  CHECK_FALSE(life.next(start));
  CHECK_FALSE(life.idle());
  life.spawn_withdrawn();
  CHECK(life.idle());
  CHECK_FALSE(life.next(start));
  life.go_on();
  CHECK(life.next(start) == Step::spawn);
}
