#include <catch2/catch.hpp>

#include "media/byte_stream.hpp"

using namespace sluice;
using media::Codec;

namespace {
Bytes unhex(std::string_view text) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) out.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return out;
}
const std::string sps = "6764001eacd940a02ff9701100000303e90000ea600f162d96", pps = "68ebe3cb22c0";
}  // namespace

TEST_CASE("NAL units are found behind start codes of three and four bytes") {
  const Bytes stream = unhex("00000001" + sps + "00000001" + pps + "000001" + "6588840000" + "0000010911");
  const auto units = media::nal_units(stream);
  REQUIRE(units.size() == 4);
  CHECK(std::ranges::equal(units[0], unhex(sps)));
  CHECK(std::ranges::equal(units[1], unhex(pps)));
  CHECK(std::ranges::equal(units[2], unhex("658884")));  // trailing zeros belong to no unit
  CHECK(media::has_start_code(stream));
  CHECK_FALSE(media::has_start_code(unhex("0000")));
  CHECK(media::nal_units(unhex("0001")).empty());
}

TEST_CASE("avcC is made from the parameter sets, which then leave the frames") {
  const Bytes stream = unhex("00000001" + sps + "00000001" + pps + "00000109f0" + "000001658884");
  const auto units = media::nal_units(stream);
  const Bytes avcc = media::decoder_configuration(Codec::h264, units);
  CHECK(avcc == unhex("0164001effe10019" + sps + "010006" + pps + "fdf8f800"));
  CHECK(media::length_prefixed(Codec::h264, units, avcc) == unhex("00000003658884"));
  CHECK(media::length_prefixed(Codec::h264, units, {}) == unhex("00000019" + sps + "00000006" + pps + "00000003658884"));
  CHECK(media::parameter_sets(Codec::h264, avcc) == unhex("00000001" + sps + "00000001" + pps));
  CHECK(media::decoder_configuration(Codec::h264, {}).empty());
}

TEST_CASE("length prefixes of other widths, and a torn last unit") {
  const Bytes data = unhex("0002aabb" "0001cc" "0009dd");
  const auto units = media::prefixed_units(data, 2);
  REQUIRE(units.size() == 2);
  CHECK(std::ranges::equal(units[1], unhex("cc")));
}

TEST_CASE("ADTS headers give the AudioSpecificConfig") {
  const auto frame = media::adts(unhex("fff14c8002fffc21"));  // AAC-LC, 48 kHz, stereo, 23 bytes
  REQUIRE(frame);
  CHECK(frame->config == unhex("1190"));
  CHECK(frame->sample_rate == 48'000);
  CHECK(frame->channels == 2);
  CHECK(frame->header == 7);
  CHECK(frame->size == 23);
  CHECK_FALSE(media::adts(unhex("fff1")));
  CHECK_FALSE(media::adts(unhex("00f14c8002fffc")));
}
