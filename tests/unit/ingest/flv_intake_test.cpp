// What onMetaData and sequence headers make of a publisher's tracks.
#include "ingest/flv_intake.hpp"

#include <catch2/catch.hpp>

#include "unit/hex.hpp"

using namespace sluice;
using namespace sluice::ingest;

namespace {

struct Rig {
  FakeClock clock;
  media::Retention retention;
  media::Intake intake{retention};
  FlvIntake flv{intake};

  Rig() { intake.begin(0, false); }
  void send(media::Kind kind, const char* hex) {
    auto bytes = std::make_shared<const Bytes>(test::from_hex(hex));
    rtmp::MediaMessage message{.kind = kind};
    message.payload.bytes = *bytes;
    message.payload.owner = bytes;
    REQUIRE(flv.media(message, clock.steady()));
  }
};

// AVC and AAC sequence headers: 640x360 of the High profile; AAC-LC, 48 kHz, two channels.
constexpr const char* avc = "17000000000164001effe100196764001eacd940a02ff9701100000303e90000ea600f162d9601000668ebe3cb22c0";
constexpr const char* aac = "af001190";

}  // namespace

TEST_CASE("rates that onMetaData tells are taken in kbit/s, and for none where no stream has them") {
  struct Case {
    double video, audio;
    std::uint32_t video_bits, audio_bits;
  };
  for (const Case& c : {Case{2500, 128, 2'500'000, 128'000}, Case{2'500'000, 128'000, 0, 0}, Case{9e8, 9e8, 0, 0}, Case{-1, 0, 0, 0}}) {
    CAPTURE(c.video, c.audio);
    Rig rig;
    rig.flv.metadata(rtmp::amf::Object{"", {{"videodatarate", c.video}, {"audiodatarate", c.audio}}});
    rig.send(media::Kind::video, avc);
    rig.send(media::Kind::audio, aac);
    REQUIRE(rig.intake.tracks().size() == 2);
    CHECK(rig.intake.tracks()[0].track->bitrate == c.video_bits);
    CHECK(rig.intake.tracks()[1].track->bitrate == c.audio_bits);
  }
}
