#include "hls/cmaf.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;

namespace {

// Every box's size fits its parent to the byte; returns the types met.
std::vector<std::string> walk(ByteView bytes) {
  static const std::set<std::string> parents = {"moov", "trak", "mdia", "minf", "dinf",
                                                "stbl", "mvex", "moof", "traf"};
  std::vector<std::string> types;
  ByteReader in(bytes);
  while (!in.at_end()) {
    const std::uint32_t size = in.be32();
    const std::string type(as_text(in.take(4)));
    REQUIRE(size >= 8);
    const ByteView body = in.take(size - 8);
    REQUIRE_FALSE(in.failed());
    types.push_back(type);
    if (parents.contains(type))
      for (std::string& inner : walk(body)) types.push_back(std::move(inner));
  }
  return types;
}

std::vector<Sample> random_samples(SeededRandom& random) {
  std::vector<Sample> samples(1 + random.below(40));
  const std::uint64_t shape = random.below(8);
  for (Sample& s : samples) {
    s.size = static_cast<std::uint32_t>(random.below(2000));
    s.duration = shape & 1 ? 3000 : static_cast<std::uint32_t>(1 + random.below(9000));
    s.cts = shape & 2 ? 0 : static_cast<std::int32_t>(random.below(20'000)) - 10'000;
    s.key = &s == &samples.front() ? random.below(2) == 0 : (shape & 4) != 0 && random.below(3) == 0;
  }
  return samples;
}

Bytes chunk_of(std::int64_t start, media::Kind kind, const std::vector<Sample>& samples) {
  Bytes out;
  REQUIRE(cmaf_chunk_head(out, 7, start, kind, samples));
  for (const Sample& s : samples) out.resize(out.size() + s.size, std::byte{0x5a});
  return out;
}

}  // namespace

TEST_CASE("headers of every codec are whole boxes with their sample entry") {
  media::Track track = hls::test::video_track();
  CHECK(walk(*cmaf_header(track)).front() == "ftyp");
  const auto has = [](const media::Track& t, std::string_view text) {
    const Result<Bytes> header = cmaf_header(t);
    REQUIRE(header);
    walk(*header);
    return as_text(*header).find(text) != std::string_view::npos;
  };
  CHECK(has(track, "avc1"));
  CHECK(has(track, "avcC"));
  track.codec = media::Codec::hevc, track.config.resize(23);
  CHECK(has(track, "hvc1"));
  track.codec = media::Codec::av1;
  CHECK(has(track, "av01"));
  track.codec = media::Codec::vp9, track.config.clear();
  CHECK(has(track, "vpcC"));
  media::Track audio = hls::test::audio_track();
  CHECK(has(audio, "esds"));
  audio.codec = media::Codec::opus;
  CHECK_FALSE(cmaf_header(audio));
  audio.config = to_bytes(std::string_view("OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00", 19));
  CHECK(has(audio, "dOps"));
  CHECK(has(audio, std::string_view("\x00\x02\x01\x38\x00\x00\xbb\x80\x00\x00\x00", 11)));
  audio.codec = media::Codec::ac3;
  CHECK(cmaf_header(audio).error().code == Errc::invalid);
}

TEST_CASE("a chunk comes back as it was written, whatever its samples are") {
  SeededRandom random(11);
  for (int i = 0; i < 300; ++i) {
    const std::vector<Sample> samples = random_samples(random);
    const auto start = static_cast<std::int64_t>(random.below(1ULL << 50));
    const Bytes bytes = chunk_of(start, media::Kind::video, samples);
    walk(bytes);
    const Result<Chunk> chunk = parse_cmaf_chunk(bytes);
    REQUIRE(chunk);
    CHECK(chunk->start == start);
    CHECK(chunk->sequence == 7);
    CHECK(chunk->samples == samples);
    CHECK(chunk->bytes == bytes.size());
  }
}

TEST_CASE("a chunk cut short anywhere is refused, and no changed byte breaks the reader") {
  SeededRandom random(12);
  const Bytes bytes = chunk_of(90'000, media::Kind::video, random_samples(random));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    CHECK_FALSE(parse_cmaf_chunk(ByteView(bytes).first(cut)));
  for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 200); ++i) {
    Bytes changed = bytes;
    changed[i] ^= static_cast<std::byte>(1 + random.below(255));
    (void)parse_cmaf_chunk(changed);
  }
}
