#include <catch2/catch.hpp>

#include "media/byte_stream.hpp"
#include "unit/hex.hpp"

using namespace sluice;
using sluice::test::from_hex;
using media::Codec;

namespace {
const std::string sps = "6764001eacd940a02ff9701100000303e90000ea600f162d96", pps = "68ebe3cb22c0";
}  // namespace

TEST_CASE("NAL units are found behind start codes of three and four bytes") {
  const Bytes stream = from_hex("00000001" + sps + "00000001" + pps + "000001" + "6588840000" + "0000010911");
  const auto units = media::nal_units(stream);
  REQUIRE(units.size() == 4);
  CHECK(std::ranges::equal(units[0], from_hex(sps)));
  CHECK(std::ranges::equal(units[1], from_hex(pps)));
  CHECK(std::ranges::equal(units[2], from_hex("658884")));  // trailing zeros belong to no unit
  CHECK(media::has_start_code(stream));
  CHECK_FALSE(media::has_start_code(from_hex("0000")));
  CHECK(media::nal_units(from_hex("0001")).empty());
}

TEST_CASE("avcC is made from the parameter sets, which then leave the frames") {
  const Bytes stream = from_hex("00000001" + sps + "00000001" + pps + "00000109f0" + "000001658884");
  const auto units = media::nal_units(stream);
  const Bytes avcc = media::decoder_configuration(Codec::h264, units);
  CHECK(avcc == from_hex("0164001effe10019" + sps + "010006" + pps + "fdf8f800"));
  CHECK(media::length_prefixed(Codec::h264, units, avcc) == from_hex("00000003658884"));
  CHECK(media::length_prefixed(Codec::h264, units, {}) == from_hex("00000019" + sps + "00000006" + pps + "00000003658884"));
  CHECK(media::parameter_sets(Codec::h264, avcc) == from_hex("00000001" + sps + "00000001" + pps));
  CHECK(media::decoder_configuration(Codec::h264, {}).empty());
}

TEST_CASE("length prefixes of other widths, and a torn last unit") {
  const Bytes data = from_hex("0002aabb" "0001cc" "0009dd");
  const auto units = media::prefixed_units(data, 2);
  REQUIRE(units.size() == 2);
  CHECK(std::ranges::equal(units[1], from_hex("cc")));
}

TEST_CASE("ADTS headers give the AudioSpecificConfig") {
  const auto frame = media::adts(from_hex("fff14c8002fffc21"));  // AAC-LC, 48 kHz, stereo, 23 bytes
  REQUIRE(frame);
  CHECK(frame->config == from_hex("1190"));
  CHECK(frame->sample_rate == 48'000);
  CHECK(frame->channels == 2);
  CHECK(frame->header == 7);
  CHECK(frame->size == 23);
  CHECK_FALSE(media::adts(from_hex("fff1")));
  CHECK_FALSE(media::adts(from_hex("00f14c8002fffc")));
}
