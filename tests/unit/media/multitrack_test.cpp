// Several tracks of one publisher: their names, their runs, and what a restarted pipeline is fed of them.
#include <catch2/catch.hpp>

#include "media/intake.hpp"
#include "media/rendition_names.hpp"
#include "media/vp9_frame.hpp"

using namespace sluice;
using namespace sluice::media;

namespace {
const Bytes payload(100);

Track picture(std::uint32_t height, Rational rate = {30, 1}, Codec codec = Codec::h264, char config = 'a') {
  return {.codec = codec, .config = to_bytes(std::string(1, config)), .width = height * 16 / 9, .height = height, .frame_rate = rate};
}
Track sound() { return {.codec = Codec::aac, .config = to_bytes("\x11\x90"), .sample_rate = 48'000}; }

struct Rig {
  FakeClock clock;
  Retention retention;
  Intake intake{retention};

  Rig() { intake.begin(0, false); }
  void video(std::uint8_t id, std::uint64_t ms, bool key = false) {
    intake.offer({.kind = Kind::video, .raw = ms, .key = key, .data = payload, .id = id}, clock.steady());
  }
  void audio(std::uint8_t id, std::uint64_t ms) {
    intake.offer({.kind = Kind::audio, .raw = ms, .key = true, .data = payload, .id = id}, clock.steady());
  }
  // Pictures of all `ids` every 40 ms, GOPs of a second, in [from, to) ms.
  void pictures(std::initializer_list<std::uint8_t> ids, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t ms = from; ms < to; ms += 40)
      for (const std::uint8_t id : ids) video(id, ms, ms % 1000 == 0);
  }
  // "r0 180p30:0k", for each run and keyframe that comes.
  std::string keys() {
    std::string out;
    std::optional<std::uint64_t> run;
    for (; const Retained* next = retention.peek(); retention.advance()) {
      if (run != next->run->number) out += "r" + std::to_string(next->run->number) + " ";
      run = next->run->number;
      const Track& track = next->run->tracks[next->packet.track];
      if (track.kind() == Kind::video && next->packet.key) out += track.rendition + ":" + std::to_string(next->dts_us / 1000) + " ";
    }
    return out;
  }
};

std::vector<std::string> names(const Run& run) {
  std::vector<std::string> found;
  for (const Track& track : run.tracks) found.push_back(track.rendition);
  return found;
}
using Names = std::vector<std::string>;
}  // namespace

TEST_CASE("pictures are named by size and rate, never by id; who shares a size is told apart") {
  std::vector<Track> tracks{picture(1080, {60, 1}), picture(720, {30'000, 1001}), picture(720, {30, 1}, Codec::av1), picture(720),
                            picture(720, {30, 1}, Codec::av1), picture(480, {0, 1}), picture(0), sound()};
  tracks.back().rendition = "audio";
  name_pictures(tracks);
  CHECK(names(Run{.tracks = tracks}) ==
        Names{"1080p60", "720p30", "720p30-av1", "720p30-2", "720p30-3", "480p", "video", "audio"});
  CHECK(unused_sound_name({}) == "audio");
  CHECK(unused_sound_name({"audio", "audio2"}) == "audio3");
}

TEST_CASE("a VP9 keyframe tells its size") {
  // marker 2, profile 0, a shown keyframe; sync code; colour space 2, 640x360 (VP9 specification 6.2)
  const Bytes key = to_bytes(std::string_view("\x82\x49\x83\x42\x40\x27\xf0\x16\x70\x00", 10));
  REQUIRE(read_vp9_keyframe(key));
  CHECK(*read_vp9_keyframe(key) == PictureSize{640, 360});
  CHECK_FALSE(read_vp9_keyframe(to_bytes(std::string_view("\x86\x00\x40\x92\x9c", 5))));  // an inter frame
  for (std::size_t size = 0; size < 8; ++size) CHECK_FALSE(read_vp9_keyframe(ByteView(key).first(size)));
}

TEST_CASE("a start waits for all tracks that are announced, and takes keyframes of one time in any order") {
  Rig rig;
  rig.intake.announce(3, 2);
  rig.intake.configure(picture(720), 0);
  rig.intake.configure(picture(360), 2);
  rig.intake.configure(sound(), 1);
  rig.intake.configure(sound(), 0);
  rig.pictures({0, 2}, 0, 80);
  CHECK(rig.keys().empty());
  rig.intake.configure(picture(480), 1);
  rig.clock.advance(milliseconds(920));
  rig.pictures({2, 1, 0}, 1000, 1040);
  REQUIRE(rig.retention.peek());
  CHECK(names(*rig.retention.peek()->run) == Names{"720p30", "480p30", "360p30", "audio", "audio2"});
  CHECK(rig.keys() == "r0 720p30:0 360p30:0 360p30:1000 480p30:1000 720p30:1000 ");
  rig.pictures({2, 1, 0}, 1040, 2040);
  CHECK(rig.keys() == "r0 360p30:2000 480p30:2000 720p30:2000 ");
}

TEST_CASE("one track alone is the source, whatever its id; what joins it is named by its size") {
  Rig rig;
  rig.intake.announce(1, 0);
  rig.intake.configure(picture(720), 3);
  rig.pictures({3}, 0, 1040);
  CHECK(rig.keys() == "r0 source:0 source:1000 ");
  rig.intake.configure(picture(360), 1);
  rig.pictures({3, 1}, 1040, 3040);
  CHECK(rig.keys() == "r0 source:2000 r1 360p30:2000 source:3000 360p30:3000 ");  // the lesser id leads
}

namespace {
struct Sent {
  std::uint8_t id;
  Track track;
};

// A session of these pictures, two GOPs of it; the names they have got, by id.
Names session(Rig& rig, std::initializer_list<Sent> sent) {
  rig.intake.begin(rig.intake.reached(), rig.intake.reached() > 0);
  rig.intake.announce(static_cast<unsigned>(sent.size()), 0);
  for (const Sent& each : sent) rig.intake.configure(each.track, each.id);
  for (std::uint64_t ms = 0; ms < 2000; ms += 40)
    for (const Sent& each : sent) rig.video(each.id, ms, ms % 1000 == 0);
  Names found;
  for (const PublisherTrack& track : rig.intake.tracks()) found.push_back(track.rendition);
  return found;
}
const Track av1 = picture(720, {30, 1}, Codec::av1);
}  // namespace

TEST_CASE("a publisher who comes back has the renditions that it had, however few tracks it brings") {
  Rig rig;
  REQUIRE(session(rig, {{0, picture(720)}, {1, av1}, {2, picture(360)}}) == Names{"720p30", "720p30-av1", "360p30"});
  SECTION("one of them") {
    CHECK(session(rig, {{0, picture(360)}}) == Names{"360p30"});
    CHECK(session(rig, {{0, av1}}) == Names{"720p30-av1"});
    CHECK(session(rig, {{0, picture(720)}}) == Names{"720p30"});
    CHECK(session(rig, {{0, picture(360)}, {1, picture(720)}}) == Names{"360p30", "720p30"});
  }
  SECTION("in another order, with one that is new") {
    CHECK(session(rig, {{0, picture(180)}, {1, av1}, {2, picture(720)}}) == Names{"180p30", "720p30-av1", "720p30"});
  }
  SECTION("of another codec: its size counts") {
    CHECK(session(rig, {{0, picture(360, {30, 1}, Codec::hevc)}}) == Names{"360p30"});
  }
  SECTION("of sizes that there were none of: the first goes on with the first one's") {
    CHECK(session(rig, {{0, picture(480)}}) == Names{"720p30"});
    CHECK(session(rig, {{4, picture(540)}, {5, picture(270)}}) == Names{"720p30", "270p30"});
    CHECK(session(rig, {{0, picture(270)}, {1, picture(720)}}) == Names{"270p30", "720p30-av1"});
  }
  SECTION("with one that joins later") {
    CHECK(session(rig, {{1, picture(360)}}) == Names{"360p30"});
    rig.intake.configure(picture(720), 0);
    rig.pictures({0, 1}, 2000, 3040);
    CHECK(rig.intake.tracks()[0].rendition == "720p30");
  }
  SECTION("more than are remembered") {
    for (std::uint32_t height = 100; height < 200; height += 2) session(rig, {{0, picture(720)}, {1, picture(height)}});
    CHECK(session(rig, {{0, picture(198)}}) == Names{"198p30"});
    CHECK(session(rig, {{0, picture(360)}}) == Names{"198p30"});
  }
}

TEST_CASE("a lone picture is the source again at any size, also beside others later") {
  Rig rig;
  CHECK(session(rig, {{0, picture(720)}}) == Names{"source"});
  CHECK(session(rig, {{0, picture(480)}}) == Names{"source"});
  CHECK(session(rig, {{0, picture(720)}, {1, picture(360)}}) == Names{"source", "360p30"});
  CHECK(session(rig, {{0, picture(360)}}) == Names{"360p30"});
}

TEST_CASE("what the ledger tells of a stream names the pictures of who comes back to another process") {
  Rig rig;
  Track known = picture(360);
  known.rendition = "360p30";
  rig.intake.remember({known});
  CHECK(session(rig, {{0, picture(360)}}) == Names{"360p30"});
  rig.intake.remember({picture(720)});
  CHECK(session(rig, {{0, picture(720)}}) == Names{"360p30"});
}

TEST_CASE("a new configuration of one track begins a run where all tracks have a keyframe, whichever comes first") {
  const bool lead_last = GENERATE(false, true);
  Rig rig;
  rig.intake.announce(2, 0);
  rig.intake.configure(picture(720), 0);
  rig.intake.configure(picture(360), 1);
  const auto both = [&](std::uint64_t from, std::uint64_t to) { lead_last ? rig.pictures({1, 0}, from, to) : rig.pictures({0, 1}, from, to); };
  both(0, 1080);
  rig.intake.configure(picture(180, {30, 1}, Codec::h264, 'b'), 1);
  both(1080, 3000);
  const std::string first = lead_last ? "360p30" : "720p30", second = lead_last ? "720p30" : "360p30";
  CHECK(rig.keys() == "r0 " + first + ":0 " + second + ":0 " + first + ":1000 " + second + ":1000 r1 " + first + ":2000 " + second + ":2000 ");
  CHECK(rig.intake.counts().unusable == 23);  // of track 1, between the new configuration and its keyframe
}

TEST_CASE("a track that goes away leaves with a new run, and comes back with another") {
  Rig rig;
  rig.intake.announce(3, 0);
  for (const std::uint8_t id : {0, 1, 2}) rig.intake.configure(picture(720 - 180 * id), id);
  rig.pictures({0, 1, 2}, 0, 2000);
  rig.keys();
  SECTION("by silence, the leading one") {
    rig.pictures({1, 2}, 2000, 8000);
    rig.keys();
    REQUIRE(rig.retention.counts().dropped_packets == 0);
    CHECK(rig.intake.tracks()[0].away);
    rig.pictures({0, 1, 2}, 8000, 10'040);
    rig.keys();
    CHECK_FALSE(rig.intake.tracks()[0].away);
    CHECK(rig.intake.video()->rendition == "720p30");
    CHECK(rig.intake.tracks()[0].at == 0u);
  }
  SECTION("by silence, the leading one, in the middle of its GOP: the next one's keyframes are no nearer or further for that") {
    rig.pictures({1, 2}, 2000, 12'000);
    CHECK(rig.intake.tracks()[0].away);
    CHECK(rig.intake.keyframe_interval() == seconds(1));
  }
  SECTION("by its own word") {
    rig.intake.leave(Kind::video, 2);
    rig.pictures({0, 1}, 2000, 3000);
    CHECK(rig.keys() == "r1 720p30:2000 540p30:2000 ");
  }
  SECTION("the last one is not missed") {
    for (const std::uint8_t id : {0, 1, 2}) rig.intake.leave(Kind::video, id);
    CHECK(rig.intake.video() != nullptr);
  }
}

TEST_CASE("how long a track has been silent is known of each, be it missed, given up, or the only one of its kind") {
  Rig rig;
  rig.intake.announce(2, 1);
  for (const std::uint8_t id : {0, 1}) rig.intake.configure(picture(720 - 180 * id), id);
  rig.intake.configure(sound(), 0);
  const auto silence = [&] {
    std::vector<milliseconds> each;
    for (const media::PublisherTrack& track : rig.intake.tracks()) each.push_back(std::chrono::duration_cast<milliseconds>(rig.intake.silence(track)));
    return each;
  };
  const auto go = [&rig](std::initializer_list<std::uint8_t> ids, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t ms = from; ms < to; ms += 40) {
      rig.pictures(ids, ms, ms + 40);
      rig.clock.advance(milliseconds(40));
    }
  };
  using Each = std::vector<milliseconds>;
  const auto ms = [](int count) { return milliseconds(count); };
  CHECK(silence() == Each{ms(0), ms(0), ms(0)});
  rig.audio(0, 0);
  go({0, 1}, 0, 2000);
  CHECK(silence() == Each{ms(40), ms(40), ms(2000)});
  go({0}, 2000, 4000);
  CHECK(silence() == Each{ms(40), ms(2040), ms(4000)});
  go({0}, 4000, 9000);
  REQUIRE(rig.intake.tracks()[1].away);
  CHECK(silence() == Each{ms(40), ms(7040), ms(9000)});  // another run changes nothing
  rig.audio(0, 9000);
  go({0, 1}, 9000, 11'000);
  CHECK(silence() == Each{ms(40), ms(40), ms(2000)});
  rig.intake.leave(Kind::video, 1);
  go({0}, 11'000, 15'000);
  CHECK(silence()[1] == ms(0));
}

TEST_CASE("a leap of the clock is no absence") {
  Rig rig;
  rig.intake.announce(2, 0);
  rig.intake.configure(picture(720), 0);
  rig.intake.configure(picture(360), 1);
  rig.pictures({0, 1}, 0, 2000);
  rig.clock.advance(seconds(10));
  rig.pictures({0, 1}, 12'000, 14'000);
  CHECK(rig.keys().find("r1") == std::string::npos);
}

TEST_CASE("tracks beyond the most are left out and counted") {
  Rig rig;
  for (int id = 0; id < 16; ++id) CHECK(rig.intake.configure(picture(720), static_cast<std::uint8_t>(id)));
  CHECK_FALSE(rig.intake.configure(picture(720), 16));
  CHECK_FALSE(rig.intake.configure(sound(), 0));
  CHECK(rig.intake.configure(picture(360), 3));
  CHECK(rig.intake.counts().tracks_left_out == 2);
}

TEST_CASE("keyframes that stand apart from the leading track's are noticed") {
  Rig rig;
  rig.intake.announce(3, 0);
  for (const std::uint8_t id : {0, 1, 2}) rig.intake.configure(picture(720 - 180 * id), id);
  for (std::uint64_t ms = 0; ms < 6000; ms += 40) {
    rig.video(0, ms, ms % 1000 == 0);
    rig.video(1, ms, ms % 2000 == 0);         // fewer, but there: no harm
    rig.video(2, ms, (ms + 480) % 1000 == 0 || ms == 0);
  }
  CHECK_FALSE(rig.intake.tracks()[1].astray);
  CHECK(rig.intake.tracks()[2].astray);
}

TEST_CASE("keyframes that are shown together stand together, however many B-frames each encoder has") {
  const bool lead_reorders = GENERATE(false, true), decoded_together = GENERATE(false, true);
  Rig rig;
  rig.intake.announce(2, 0);
  for (const std::uint8_t id : {0, 1}) rig.intake.configure(picture(720 - 180 * id), id);
  // Two B-frames in one of the tracks: its pictures are decoded two frames before the other's of the same time, or shown two frames after them.
  for (std::uint64_t ms = 0; ms < 6000; ms += 40)
    for (const std::uint8_t id : {0, 1}) {
      const bool reorders = (id == 0) == lead_reorders;
      const std::uint64_t from = reorders && !decoded_together ? 80 : 0;
      rig.intake.offer({.kind = Kind::video, .raw = ms, .composition = reorders ? 80 : 0, .key = (ms + from) % 1000 == 0 || ms == 0, .data = payload, .id = id},
                       rig.clock.steady());
    }
  CHECK(rig.intake.tracks()[1].astray == decoded_together);
}

TEST_CASE("what a publisher tells beyond its milliseconds counts") {
  Rig rig;
  rig.intake.announce(1, 0);
  rig.intake.configure(picture(720));
  rig.video(0, 0, true);
  rig.intake.offer({.kind = Kind::video, .raw = 33, .data = payload, .nanoseconds = 333'333}, rig.clock.steady());
  rig.retention.advance();
  CHECK(rig.retention.peek()->packet.dts == 3000);
}

TEST_CASE("a track that comes late keeps to the clock that the others have been repaired to") {
  Rig rig;
  rig.intake.announce(1, 0);
  rig.intake.configure(picture(720), 0);
  rig.pictures({0}, 0, 1000);
  rig.pictures({0}, 500'000, 501'000);  // its clock leapt
  rig.intake.configure(picture(360), 1);
  rig.pictures({0, 1}, 501'000, 501'040);
  CHECK(rig.keys() == "r0 source:0 source:1000 r1 source:2000 360p30:2000 ");
}

namespace {
std::shared_ptr<const Run> two_pictures_and_sound() {
  auto run = std::make_shared<Run>();
  for (const Codec codec : {Codec::h264, Codec::h264, Codec::aac}) {
    Track track;
    track.codec = codec;
    track.timescale = kind_of(codec) == Kind::video ? 90'000 : 48'000;
    run->tracks.push_back(track);
  }
  return run;
}

// Track 1's keyframes stand `apart` ms after track 0's, and its packets come first.
void fill(Retention& retention, const std::shared_ptr<const Run>& run, int from, int to, int apart) {
  for (int ms = from; ms < to; ms += 40) {
    retention.add(run, {.track = 1, .pts = ms * 90, .dts = ms * 90, .key = (ms - apart) % 1000 == 0, .data = payload});
    retention.add(run, {.track = 0, .pts = ms * 90, .dts = ms * 90, .key = ms % 1000 == 0, .data = payload});
    retention.add(run, {.track = 2, .pts = ms * 48, .dts = ms * 48, .duration = 1920, .key = true, .data = payload});
  }
}

// The first of each track that is fed, and how many.
struct Fed {
  std::map<std::size_t, std::int64_t> first;
  std::map<std::size_t, int> count;
  std::map<std::size_t, bool> key;
};
Fed feed(Retention& retention) {
  Fed fed;
  for (; const Retained* next = retention.peek(); retention.advance()) {
    const std::size_t track = next->packet.track;
    if (fed.first.try_emplace(track, next->dts_us / 1000).second) fed.key[track] = next->packet.key;
    ++fed.count[track];
  }
  return fed;
}
}  // namespace

TEST_CASE("a restart feeds each track from its own keyframe") {
  const int apart = GENERATE(0, 240);
  Retention retention;
  const auto run = two_pictures_and_sound();
  fill(retention, run, 0, 5000, apart);
  feed(retention);
  for (const bool let_go : {false, true}) {
    if (let_go) retention.passed(3'100'000);
    CHECK(retention.rewind(3'100'000) == 3'000'000);
    const Fed fed = feed(retention);
    CHECK(fed.first.at(0) == 3000);
    CHECK(fed.first.at(1) == (apart == 0 ? 3000 : 2240));
    CHECK(fed.key.at(1));
    CHECK(fed.first.at(2) <= 3000);
    CHECK(fed.count.at(0) == 50);
    CHECK(fed.count.at(1) == (apart == 0 ? 50 : 69));
  }
}

TEST_CASE("past the cap no track is fed frames that lean on dropped ones") {
  Retention retention({.time = seconds(3), .bytes = 64u << 20});
  const auto run = two_pictures_and_sound();
  fill(retention, run, 0, 10'000, GENERATE(0, 240));
  const Fed fed = feed(retention);
  CHECK(fed.key.at(0));
  CHECK(fed.key.at(1));
  CHECK(fed.first.at(0) == 7000);
  CHECK(fed.first.at(1) > 7000);  // its keyframe of 7.0 s came before the other's, and went with the GOP before
  CHECK(fed.first.at(1) <= 8000);
}
