// What onMetaData and sequence headers make of a publisher's tracks.
#include "ingest/flv_intake.hpp"

#include <catch2/catch.hpp>

#include "media/byte_stream.hpp"
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

namespace {

struct Sent {
  std::uint32_t width;
  bool key;
  Bytes data;
  std::uint64_t run;
};

// A publisher of pictures alone, whose parameter sets come with them.
struct Pictures : Rig {
  media::Codec codec;
  std::vector<Bytes> large, small;  // 640x360, 320x180
  Bytes slice, idr;
  unsigned at = 0;  // ms

  explicit Pictures(media::Codec of) : codec(of) {
    const bool h264 = codec == media::Codec::h264;
    const char* const hex[] = {"40010c01ffff01600000030090000003000003003f959409", "42010101600000030090000003000003003fa005020171f2e595952930bc05a020000003002000000303c1",
                               "4401c073c189", "40010c01ffff01600000030090000003000003003c959409",
                               "42010101600000030090000003000003003ca00a080c1f3e595952930bc05a020000030002000003003c10", "4401c073c189"};
    if (h264) {
      large = {test::from_hex("6742c01eda0280bfe5c044000003000400000300f03c58ba80"), test::from_hex("68ce0fc8")};
      small = {test::from_hex("6742c00dda05067e7c0440000003004000000f03c50aa8"), test::from_hex("68ce0fc8")};
    } else {
      for (unsigned i = 0; i < 6; ++i) (i < 3 ? large : small).push_back(test::from_hex(hex[i]));
    }
    idr = test::from_hex(h264 ? "658884" : "2601af");
    slice = test::from_hex(h264 ? "419a02" : "0201d0");
    intake.announce(1, 0);
  }
  void message(const char* head, const Bytes& body) {
    auto bytes = std::make_shared<Bytes>(test::from_hex(head));
    append(*bytes, body);
    rtmp::MediaMessage message{.kind = media::Kind::video, .timestamp = at};
    message.payload.bytes = *bytes;
    message.payload.owner = bytes;
    REQUIRE(flv.media(message, clock.steady()));
  }
  void header(const std::vector<Bytes>& sets, unsigned lengths = 4) {
    Bytes config = media::decoder_configuration(codec, {sets.begin(), sets.end()});
    config[codec == media::Codec::h264 ? 4 : 21] &= static_cast<std::byte>(0xfc | (lengths - 1));
    message(codec == media::Codec::h264 ? "1700000000" : "9068766331", config);
  }
  void picture(bool key, const std::vector<Bytes>& units, unsigned lengths = 4) {
    Bytes body;
    ByteWriter writer(body);
    for (const Bytes& unit : units) (lengths == 4 ? writer.be32(unit.size()) : writer.be16(unit.size())).bytes(unit);
    message(codec == media::Codec::h264 ? (key ? "1701000000" : "2701000000") : (key ? "9368766331" : "a368766331"), body);
    at += 40;
  }
  std::vector<Bytes> before(const std::vector<Bytes>& sets, const Bytes& unit) {
    std::vector<Bytes> all = sets;
    all.push_back(unit);
    return all;
  }
  void gop(const std::vector<Bytes>& sets, int pictures = 10) {
    picture(true, before(sets, idr));
    for (int i = 1; i < pictures; ++i) picture(false, {slice});
  }
  std::vector<Sent> sent() {
    std::vector<Sent> all;
    for (const media::Retained* next = retention.peek(); next != nullptr; next = retention.peek()) {
      all.push_back({next->run->tracks[0].width, next->packet.key, {next->packet.data.begin(), next->packet.data.end()}, next->run->number});
      retention.advance();
    }
    return all;
  }
  static Bytes prefixed(const std::vector<Bytes>& units) {
    Bytes out;
    for (const Bytes& unit : units) ByteWriter(out).be32(unit.size()).bytes(unit);
    return out;
  }
};

}  // namespace

TEST_CASE("another size that only parameter sets before a keyframe tell of begins another run there") {
  for (const media::Codec codec : {media::Codec::h264, media::Codec::hevc}) {
    CAPTURE(media::name(codec));
    Pictures pictures(codec);
    pictures.header(pictures.large);
    pictures.gop(pictures.large);
    pictures.gop(pictures.large);
    pictures.gop(pictures.small);
    pictures.gop(pictures.small);
    const auto sent = pictures.sent();
    REQUIRE(sent.size() == 40);  // none is lost
    for (std::size_t i = 0; i < sent.size(); ++i) {
      CAPTURE(i);
      CHECK(sent[i].width == (i < 20 ? 640 : 320));
      CHECK(sent[i].run == (i < 20 ? 0 : 1));
      CHECK(sent[i].key == (i % 10 == 0));
      CHECK(sent[i].data == (sent[i].key ? pictures.prefixed(pictures.before(i < 20 ? pictures.large : pictures.small, pictures.idr)) : pictures.prefixed({pictures.slice})));
    }
  }
}

TEST_CASE("parameter sets in a message of their own belong to the keyframe behind it, and are no picture") {
  Pictures pictures(media::Codec::h264);
  pictures.header(pictures.large);
  for (const auto& sets : {pictures.large, pictures.small, pictures.small}) {
    pictures.picture(false, sets);
    pictures.gop({});
  }
  const auto sent = pictures.sent();
  REQUIRE(sent.size() == 30);
  CHECK((sent[9].width == 640 && sent[10].width == 320 && sent[29].run == 1));
}

TEST_CASE("parameter sets behind lengths of two bytes are found, and a sequence header after them counts again") {
  Pictures pictures(media::Codec::h264);
  pictures.header(pictures.large, 2);
  pictures.picture(true, pictures.before(pictures.large, pictures.idr), 2);
  pictures.picture(true, pictures.before(pictures.small, pictures.idr), 2);
  pictures.header(pictures.large);
  pictures.picture(true, {pictures.idr});
  const auto sent = pictures.sent();
  REQUIRE(sent.size() == 3);
  CHECK((sent[0].width == 640 && sent[1].width == 320 && sent[2].width == 640));
  CHECK(sent[1].data == pictures.prefixed(pictures.before(pictures.small, pictures.idr)));
}

TEST_CASE("what hostile senders put in place of parameter sets stays with its picture, and the configuration as it was") {
  Pictures pictures(media::Codec::h264);
  pictures.header(pictures.large);
  pictures.gop(pictures.large);
  pictures.gop({test::from_hex("67ffffff"), test::from_hex("68ff")});
  Bytes huge(100'000, std::byte{0x55});
  huge[0] = std::byte{0x67};
  pictures.gop({huge, pictures.large[1]});
  pictures.gop(std::vector<Bytes>(5'000, pictures.small[0]));
  const auto sent = pictures.sent();
  REQUIRE(sent.size() == 40);
  CHECK(sent[39].run == 0);
  CHECK(sent[20].data.size() > huge.size());
  std::vector<Sent> flipped;
  for (int i = 0; i < 1'000; ++i) {
    pictures.picture(true, pictures.before(i % 2 ? pictures.large : pictures.small, pictures.idr));
    for (Sent& one : pictures.sent()) flipped.push_back(std::move(one));
  }
  REQUIRE(flipped.size() == 1'000);
  CHECK(flipped.back().run < 15);
}
