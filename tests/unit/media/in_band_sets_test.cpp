// Parameter sets that come with the pictures. Those of H.264 and HEVC are x264's and x265's.
#include "media/in_band_sets.hpp"

#include <catch2/catch.hpp>

#include "media/byte_stream.hpp"
#include "media/codec_config.hpp"
#include "unit/hex.hpp"

using namespace sluice;
using namespace sluice::media;
using sluice::test::from_hex;
using Found = InBandSets::Found;

namespace {

struct Sets {
  Codec codec;
  std::vector<Bytes> large, small;  // 640x360, 320x180
  Bytes delimiter, slice;
};
const Sets h264{Codec::h264,
                {from_hex("6742c01eda0280bfe5c044000003000400000300f03c58ba80"), from_hex("68ce0fc8")},
                {from_hex("6742c00dda05067e7c0440000003004000000f03c50aa8"), from_hex("68ce0fc8")},
                from_hex("09f0"), from_hex("658884")};
const Sets hevc{Codec::hevc,
                {from_hex("40010c01ffff01600000030090000003000003003f959409"),
                 from_hex("42010101600000030090000003000003003fa005020171f2e595952930bc05a020000003002000000303c1"), from_hex("4401c073c189")},
                {from_hex("40010c01ffff01600000030090000003000003003c959409"),
                 from_hex("42010101600000030090000003000003003ca00a080c1f3e595952930bc05a020000030002000003003c10"), from_hex("4401c073c189")},
                from_hex("460150"), from_hex("2601af")};

std::vector<ByteView> views(const std::vector<Bytes>& units) { return {units.begin(), units.end()}; }
Bytes config_of(Codec codec, const std::vector<Bytes>& sets) { return decoder_configuration(codec, views(sets)); }
Track described(Codec codec, Bytes config) {
  Track track{.codec = codec, .config = std::move(config)};
  REQUIRE(describe(track));
  return track;
}
Bytes prefixed(const std::vector<Bytes>& units) {
  Bytes out;
  for (const Bytes& unit : units) ByteWriter(out).be32(unit.size()).bytes(unit);
  return out;
}
std::vector<Bytes> joined(std::vector<Bytes> all, const std::vector<Bytes>& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

TEST_CASE("sets of another size before a keyframe are another configuration; the same again change nothing") {
  for (const Sets& sets : {h264, hevc}) {
    CAPTURE(name(sets.codec));
    InBandSets in_band;
    in_band.configured(sets.codec, config_of(sets.codec, sets.large));
    for (int i = 0; i < 3; ++i) CHECK(in_band.take(sets.codec, views(joined({sets.delimiter}, joined(sets.large, {sets.slice}))), true) == Found::nothing_new);
    CHECK(in_band.repeats());
    CHECK(in_band.take(sets.codec, views(joined(sets.small, {sets.slice})), true) == Found::configuration);
    CHECK(in_band.config() == config_of(sets.codec, sets.small));
    CHECK(described(sets.codec, in_band.config()).width == 320);
    CHECK(in_band.repeats());
    CHECK(in_band.take(sets.codec, views({sets.slice}), true) == Found::nothing_new);
    CHECK_FALSE(in_band.repeats());  // it has none
    CHECK(in_band.take(sets.codec, views(sets.small), true) == Found::nothing_new);
    CHECK(in_band.take(sets.codec, views({sets.small.back()}), true) == Found::nothing_new);
    CHECK(in_band.take(sets.codec, views(sets.large), true) == Found::configuration);
    CHECK(described(sets.codec, in_band.config()).width == 640);
  }
}

TEST_CASE("where nothing is in force, the first sets are a configuration, when they are whole") {
  for (const Sets& sets : {h264, hevc}) {
    InBandSets in_band;
    CHECK(in_band.take(sets.codec, views({sets.large.back()}), true) == Found::nothing_new);
    CHECK(in_band.take(sets.codec, views({sets.large[sets.large.size() - 2]}), true) == Found::nothing_new);
    CHECK(in_band.take(sets.codec, views(sets.large), true) == Found::configuration);
  }
}

TEST_CASE("a configuration that says the same in another way stays: extensions, zeros behind a set, the order of sets") {
  InBandSets in_band;
  Bytes config = from_hex("0142c01eff");  // as some muxers write avcC: with a zero behind the SPS, and unknown bytes at the end
  ByteWriter writer(config);
  writer.u8(0xe1).be16(h264.large[0].size() + 1).bytes(h264.large[0]).u8(0).u8(1).be16(h264.large[1].size()).bytes(h264.large[1]).be32(0xfdf8f800);
  in_band.configured(Codec::h264, config);
  CHECK(in_band.take(Codec::h264, views({h264.large[1], h264.large[0]}), true) == Found::nothing_new);
  CHECK(in_band.config() == config);
}

TEST_CASE("a PPS takes the place of the one of its number, and others stay") {
  const Bytes other = from_hex("68ce3cc8"), second = from_hex("685b8f20");  // number 0, number 1
  InBandSets in_band;
  in_band.configured(Codec::h264, config_of(Codec::h264, h264.large));
  CHECK(in_band.take(Codec::h264, views({h264.large[0], second}), true) == Found::configuration);
  CHECK(in_band.config() == config_of(Codec::h264, {h264.large[0], h264.large[1], second}));
  CHECK(in_band.take(Codec::h264, views({h264.large[0], h264.large[1]}), true) == Found::nothing_new);
  CHECK(in_band.take(Codec::h264, views({other}), true) == Found::configuration);
  CHECK(in_band.config() == config_of(Codec::h264, {h264.large[0], second, other}));
}

TEST_CASE("other sets in mid-GOP stay with their picture, and from then on those in force are no repetition until there is another configuration") {
  InBandSets in_band;
  in_band.configured(Codec::h264, config_of(Codec::h264, h264.large));
  const Bytes other = from_hex("68ce3cc8");
  CHECK(in_band.take(Codec::h264, views({other}), false) == Found::nothing_new);
  CHECK_FALSE(in_band.repeats());
  CHECK(in_band.take(Codec::h264, views(h264.large), true) == Found::nothing_new);
  CHECK_FALSE(in_band.repeats());  // a decoder still has the other
  CHECK(in_band.take(Codec::h264, views({other}), true) == Found::configuration);
  CHECK(in_band.repeats());
}

TEST_CASE("garbage, too many, too large, and an SPS without a PPS leave the configuration as it is") {
  InBandSets in_band;
  const Bytes config = config_of(Codec::h264, h264.large);
  in_band.configured(Codec::h264, config);
  CHECK(in_band.take(Codec::h264, views({from_hex("67ffffff"), from_hex("68ff")}), true) == Found::broken);
  CHECK(in_band.take(Codec::h264, views({from_hex("67"), from_hex("68")}), true) == Found::broken);
  Bytes huge(70'000, std::byte{0x5a});
  huge[0] = std::byte{0x67};
  CHECK(in_band.take(Codec::h264, views({huge, h264.large[1]}), true) == Found::broken);
  CHECK(in_band.take(Codec::h264, views(std::vector<Bytes>(InBandSets::most_sets + 1, h264.large[0])), true) == Found::broken);
  std::vector<Bytes> many;
  for (unsigned i = 0; i < InBandSets::most_sets; ++i) many.push_back(Bytes{std::byte{0x68}, static_cast<std::byte>(0x80 | i), std::byte{1}});
  many.push_back(h264.small[0]);
  CHECK(in_band.take(Codec::h264, views(many), true) == Found::broken);
  CHECK(in_band.take(Codec::h264, views({h264.small[0]}), true) == Found::nothing_new);
  CHECK(in_band.take(Codec::h264, {}, true) == Found::nothing_new);
  CHECK(in_band.config() == config);
}

TEST_CASE("sets that change with every picture change the configuration a few times, and then seldom") {
  InBandSets in_band;
  in_band.configured(Codec::h264, config_of(Codec::h264, h264.large));
  const auto flip = [&](unsigned pictures) {
    unsigned changes = 0;
    for (unsigned i = 0; i < pictures; ++i) changes += in_band.take(Codec::h264, views(i % 2 == 0 ? h264.small : h264.large), true) == Found::configuration;
    return changes;
  };
  CHECK(flip(100) == InBandSets::changes_at_once);
  CHECK(flip(1'200) <= 11);
  for (unsigned i = 0; i < InBandSets::pictures_a_change; ++i) in_band.take(Codec::h264, {}, false);
  in_band.configured(Codec::h264, config_of(Codec::h264, h264.large));
  CHECK(in_band.take(Codec::h264, views(h264.small), true) == Found::configuration);  // after a pause it is believed again
}

TEST_CASE("units before a picture: none, too many, cut short anywhere") {
  std::vector<ByteView> front;
  bool picture = true;
  CHECK(units_before_picture(Codec::h264, {}, 16, front, picture));
  CHECK((front.empty() && !picture));
  CHECK_FALSE(units_before_picture(Codec::h264, prefixed(std::vector<Bytes>(17, h264.large[1])), 16, front, picture));
  CHECK(front.empty());
  const Bytes whole = prefixed(joined(joined({h264.delimiter}, h264.large), {h264.slice}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    REQUIRE(units_before_picture(Codec::h264, ByteView(whole).first(size), 16, front, picture));
    CHECK_FALSE(picture);
    CHECK(front.size() <= 3);
  }
}

TEST_CASE("a configuration has room for so many sets of so many bytes") {
  const Bytes longest(65'536, std::byte{0x68});
  CHECK(config_of(Codec::h264, {h264.large[0], longest}).empty());
  std::vector<Bytes> many;
  for (unsigned i = 0; i < 32; ++i) {
    many.push_back(h264.large[0]);
    many.back().push_back(static_cast<std::byte>(i + 1));
  }
  many.push_back(h264.large[1]);
  CHECK(config_of(Codec::h264, many).empty());
}
