#include <catch2/catch.hpp>

#include "hls/mp4_reader.hpp"

using namespace sluice;
using namespace sluice::hls;

namespace {

Bytes box(const char* type, const Bytes& body) {
  Bytes out;
  ByteWriter(out).be32(8 + body.size()).text(type).bytes(body);
  return out;
}

Bytes joined(std::initializer_list<Bytes> pieces) {
  Bytes out;
  for (const Bytes& piece : pieces) append(out, piece);
  return out;
}

Bytes header() {
  Bytes tkhd, mdhd, hdlr, stsd, trex;
  ByteWriter(tkhd).be32(7).zeros(8).be32(3).zeros(68);
  ByteWriter(mdhd).be32(0).zeros(8).be32(48000).zeros(8);
  ByteWriter(hdlr).be32(0).be32(0).text("soun").zeros(13);
  ByteWriter(stsd).be32(0).be32(1).be32(36).text("mp4a").zeros(28);
  ByteWriter(trex).be32(0).be32(3).be32(1).be32(1024).be32(4).be32(0);
  const Bytes stbl = box("stbl", box("stsd", stsd));
  const Bytes mdia = box("mdia", joined({box("mdhd", mdhd), box("hdlr", hdlr), box("minf", stbl)}));
  return joined({box("ftyp", to_bytes("cmfc")), box("moov", joined({box("trak", joined({box("tkhd", tkhd), mdia})), box("mvex", box("trex", trex))}))});
}

// Two samples of the default size and duration.
Bytes segment(std::uint64_t time, std::int32_t offset = 96) {
  Bytes mfhd, tfhd, tfdt, trun;
  ByteWriter(mfhd).be32(0).be32(1);
  ByteWriter(tfhd).be32(0x020000).be32(3);
  ByteWriter(tfdt).be32(0x01000000).be64(time);
  ByteWriter(trun).be32(1).be32(2).be32(static_cast<std::uint32_t>(offset));
  return joined({box("moof", joined({box("mfhd", mfhd), box("traf", joined({box("tfhd", tfhd), box("tfdt", tfdt), box("trun", trun)}))})), box("mdat", Bytes(8))});
}

}  // namespace

TEST_CASE("a header's track: id, timescale, handler, codec, defaults") {
  const auto read = read_mp4_header(header());
  REQUIRE(read);
  REQUIRE(read->tracks.size() == 1);
  CHECK(read->tracks[0].id == 3);
  CHECK(read->tracks[0].timescale == 48000);
  CHECK(read->tracks[0].handler == "soun");
  CHECK(read->tracks[0].codec == "mp4a");
  CHECK(read->tracks[0].default_duration == 1024);
}

TEST_CASE("the format of an encrypted track is the one that was encrypted") {
  Bytes tkhd, mdhd, hdlr, stsd, frma;
  ByteWriter(tkhd).be32(7).zeros(8).be32(3).zeros(68);
  ByteWriter(mdhd).be32(0).zeros(8).be32(48000).zeros(8);
  ByteWriter(hdlr).be32(0).be32(0).text("soun").zeros(13);
  ByteWriter(frma).text("mp4a");
  const Bytes sinf = box("sinf", box("frma", frma));
  ByteWriter(stsd).be32(0).be32(1).be32(8 + 28 + sinf.size()).text("enca").zeros(28).bytes(sinf);
  const Bytes mdia = box("mdia", joined({box("mdhd", mdhd), box("hdlr", hdlr), box("minf", box("stbl", box("stsd", stsd)))}));
  const auto read = read_mp4_header(box("moov", box("trak", joined({box("tkhd", tkhd), mdia}))));
  REQUIRE(read);
  CHECK(read->tracks.at(0).codec == "mp4a");
}

TEST_CASE("a last box of size 0 reaches to the end") {
  Bytes bytes = segment(7);
  ByteWriter(bytes).patch_be32(bytes.size() - 16, 0);
  const auto read = read_mp4_fragments(bytes, *read_mp4_header(header()));
  REQUIRE(read);
  CHECK(read->at(0).samples.size() == 2);
}

TEST_CASE("fragments: decode time, samples by default, several in a segment") {
  const auto head = read_mp4_header(header());
  const auto read = read_mp4_fragments(joined({segment(1ULL << 40), segment(7)}), *head);
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK(read->front().decode_time == 1ULL << 40);
  CHECK(read->front().duration() == 2048);
  CHECK(read->front().samples[1].offset == 100);
  CHECK(read->front().samples[1].sync);
  CHECK(read->back().samples[0].offset == 104 + 96);
}

TEST_CASE("samples outside their mdat, a missing mdat and an unknown track are errors") {
  const auto head = read_mp4_header(header());
  CHECK_FALSE(read_mp4_fragments(segment(0, 95), *head));
  CHECK_FALSE(read_mp4_fragments(segment(0, 97), *head));
  CHECK_FALSE(read_mp4_fragments(segment(0, -8), *head));
  Bytes cut = segment(0);
  cut.resize(cut.size() - 16);
  CHECK_FALSE(read_mp4_fragments(cut, *head));
  Mp4Header other = *head;
  other.tracks[0].id = 4;
  CHECK_FALSE(read_mp4_fragments(segment(0), other));
  CHECK_FALSE(read_mp4_fragments(Bytes{}, *head));
  CHECK_FALSE(read_mp4_header(box("ftyp", to_bytes("cmfc"))));
}

TEST_CASE("cut anywhere, it is an error and never a reading past the end") {
  const Bytes whole = header();
  const auto head = read_mp4_header(whole);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) CHECK_FALSE(read_mp4_header(ByteView(whole).first(cut)));
  const Bytes media = segment(0);
  for (std::size_t cut = 0; cut < media.size(); ++cut) CHECK_FALSE(read_mp4_fragments(ByteView(media).first(cut), *head));
}

TEST_CASE("boxes nested without end are an error") {
  Bytes nested;
  ByteWriter out(nested);
  constexpr std::uint32_t levels = 50'000;
  out.be32(8 * (levels + 2)).text("moov").be32(8 * (levels + 1)).text("trak");
  for (std::uint32_t left = levels; left > 0; --left) out.be32(8 * left).text("mdia");
  CHECK_FALSE(read_mp4_header(nested));
}
