#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "base/text.hpp"
#include "rtmp/chunk_reader.hpp"
#include "rtmp/chunk_writer.hpp"

using namespace sluice;
using namespace sluice::rtmp;

namespace {

Bytes pattern(std::size_t size, std::uint8_t first = 0) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(first + i);
  return bytes;
}

struct Seen {
  std::uint32_t timestamp, chunk_stream, stream;
  unsigned type;
  std::string payload;
  bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& s) {
  return out << "{t " << s.timestamp << " cs " << s.chunk_stream << " ms " << s.stream << " type " << s.type << " "
             << s.payload << "}";
}

Result<std::vector<Seen>> read(ByteView input, std::size_t piece = 1u << 30, ChunkLimits limits = {}) {
  ChunkReader reader(limits);
  std::vector<Seen> seen;
  while (!input.empty()) {
    ByteView part = input.first(std::min(piece, input.size()));
    input = input.subspan(part.size());
    for (;;) {
      auto message = reader.next(part);
      if (!message) return std::unexpected(message.error());
      if (!*message) break;
      seen.push_back({(*message)->timestamp, (*message)->chunk_stream, (*message)->stream,
                      static_cast<unsigned>((*message)->type), hex((*message)->payload.bytes)});
    }
  }
  return seen;
}

// The same result whole, and cut into pieces of every small size.
std::vector<Seen> read_anyhow(ByteView input) {
  auto whole = read(input);
  REQUIRE(whole);
  for (std::size_t piece = 1; piece <= 24; ++piece) {
    auto cut = read(input, piece);
    REQUIRE(cut);
    CHECK(*cut == *whole);
  }
  return *whole;
}

}  // namespace

TEST_CASE("the specification's example of audio messages, 5.3.2.1") {
  Bytes input;
  ByteWriter w(input);
  w.u8(0x03).be24(1000).be24(32).u8(8).le32(12345).bytes(pattern(32));
  w.u8(0x83).be24(20).bytes(pattern(32));
  w.u8(0xc3).bytes(pattern(32));
  w.u8(0xc3).bytes(pattern(32));
  CHECK(input.size() == 44 + 36 + 33 + 33);
  const auto seen = read_anyhow(input);
  REQUIRE(seen.size() == 4);
  CHECK(seen[0] == Seen{1000, 3, 12345, 8, hex(pattern(32))});
  CHECK(seen[1].timestamp == 1020);
  CHECK(seen[2].timestamp == 1040);
  CHECK(seen[3].timestamp == 1060);
}

TEST_CASE("the specification's example of a long message, 5.3.2.2") {
  const Bytes payload = pattern(307);
  Bytes input;
  ByteWriter w(input);
  w.u8(0x04).be24(1000).be24(307).u8(9).le32(12346).bytes(ByteView(payload).first(128));
  w.u8(0xc4).bytes(ByteView(payload).subspan(128, 128));
  w.u8(0xc4).bytes(ByteView(payload).subspan(256));
  CHECK(input.size() == 140 + 129 + 52);
  CHECK(read_anyhow(input) == std::vector{Seen{1000, 4, 12346, 9, hex(payload)}});
}

TEST_CASE("chunk streams interleave, each with its own message, under ids of one, two and three bytes") {
  const Bytes a = pattern(200), b = pattern(200, 100), c = pattern(130, 7);
  Bytes input;
  ByteWriter w(input);
  w.u8(0x3f).be24(1).be24(200).u8(9).le32(1).bytes(ByteView(a).first(128));                   // 63
  w.u8(0x00).u8(255).be24(2).be24(200).u8(8).le32(1).bytes(ByteView(b).first(128));           // 319
  w.u8(0x01).u8(0xff).u8(0xff).be24(3).be24(130).u8(8).le32(2).bytes(ByteView(c).first(128));  // 65599
  w.u8(0xc0).u8(255).bytes(ByteView(b).subspan(128));
  w.u8(0xc1).u8(0xff).u8(0xff).bytes(ByteView(c).subspan(128));
  w.u8(0xff).bytes(ByteView(a).subspan(128));
  CHECK(read_anyhow(input) ==
        std::vector{Seen{2, 319, 1, 8, hex(b)}, Seen{3, 65'599, 2, 8, hex(c)}, Seen{1, 63, 1, 9, hex(a)}});
}

TEST_CASE("extended timestamps: repeated by format 3, or left out by peers that do not") {
  const Bytes payload = pattern(300, 1);
  const std::uint32_t time = 0x01020305;
  for (const bool repeats : {true, false}) {
    Bytes input;
    ByteWriter w(input);
    w.u8(0x04).be24(0xffffff).be24(300).u8(9).le32(1).be32(time).bytes(ByteView(payload).first(128));
    w.u8(0xc4);
    if (repeats) w.be32(time);
    w.bytes(ByteView(payload).subspan(128, 128));
    w.u8(0xc4);
    if (repeats) w.be32(time);
    w.bytes(ByteView(payload).subspan(256));
    w.u8(0x84).be24(40).bytes(ByteView(payload).first(128));  // a plain delta ends the extension
    w.u8(0xc4).bytes(ByteView(payload).subspan(128, 128));
    w.u8(0xc4).bytes(ByteView(payload).subspan(256));
    w.u8(0x44).be24(0xffffff).be24(1).u8(9).be32(0x01000000).u8(9);  // an extended delta
    CHECK(read_anyhow(input) == std::vector{Seen{time, 4, 1, 9, hex(payload)}, Seen{time + 40, 4, 1, 9, hex(payload)},
                                            Seen{time + 40 + 0x01000000, 4, 1, 9, "09"}});
  }
}

TEST_CASE("a peer that does not repeat the timestamp may end a message with fewer bytes than it has") {
  const Bytes payload = pattern(130, 1);
  Bytes input;
  ByteWriter w(input);
  w.u8(0x04).be24(0xffffff).be24(130).u8(9).le32(1).be32(0x7fffffff).bytes(ByteView(payload).first(128));
  w.u8(0xc4).bytes(ByteView(payload).subspan(128));
  w.u8(0x05).be24(1).be24(1).u8(8).le32(1).u8(9);
  CHECK(read_anyhow(input) == std::vector{Seen{0x7fffffff, 4, 1, 9, hex(payload)}, Seen{1, 5, 1, 8, "09"}});
}

TEST_CASE("timestamps pass 24 and 32 bits unnoticed") {
  Bytes input;
  ByteWriter w(input);
  w.u8(0x04).be24(0xfffffe).be24(1).u8(8).le32(1).u8(0);
  w.u8(0x84).be24(1).u8(1);
  w.u8(0xc4).u8(2);
  w.u8(0x04).be24(0xffffff).be24(1).u8(8).le32(1).be32(0xffffffff).u8(3);
  w.u8(0x84).be24(23).u8(4);
  const auto seen = read_anyhow(input);
  REQUIRE(seen.size() == 5);
  CHECK(seen[1].timestamp == 0xffffff);
  CHECK(seen[2].timestamp == 0x1000000);
  CHECK(seen[3].timestamp == 0xffffffff);
  CHECK(seen[4].timestamp == 22);
}

TEST_CASE("Set Chunk Size holds from the next chunk on, and Abort drops a half message") {
  const Bytes payload = pattern(300);
  Bytes input;
  ByteWriter w(input);
  w.u8(0x04).be24(0).be24(300).u8(9).le32(1).bytes(ByteView(payload).first(128));
  w.u8(0x02).be24(0).be24(4).u8(1).le32(0).be32(4096);
  w.u8(0xc4).bytes(ByteView(payload).subspan(128));
  w.u8(0x05).be24(0).be24(5000).u8(8).le32(1).bytes(pattern(4096));
  w.u8(0x42).be24(0).be24(4).u8(2).be32(5);
  w.u8(0x05).be24(9).be24(1).u8(8).le32(1).u8(1);
  const auto seen = read_anyhow(input);
  REQUIRE(seen.size() == 4);
  CHECK(seen[1] == Seen{0, 4, 1, 9, hex(payload)});
  CHECK(seen[3] == Seen{9, 5, 1, 8, "01"});
}

TEST_CASE("what no peer may send is refused") {
  const auto refused = [](auto&& write, ChunkLimits limits = {}) {
    Bytes input;
    ByteWriter w(input);
    write(w);
    const auto whole = read(input, 1u << 30, limits), bytewise = read(input, 1, limits);
    REQUIRE_FALSE(whole);
    REQUIRE_FALSE(bytewise);
    CHECK(whole.error().what == bytewise.error().what);
    return whole.error().what;
  };
  CHECK(refused([](ByteWriter& w) { w.u8(0xc3); }) == "chunk stream 3: begins with a header of format 3");
  CHECK(refused([](ByteWriter& w) { w.u8(0x83).be24(0); }) == "chunk stream 3: begins with a header of format 2");
  CHECK(refused([](ByteWriter& w) { w.u8(0x02).be24(0).be24(4).u8(1).le32(0).be32(0); }) ==
        "Set Chunk Size: no size that a chunk can have");
  CHECK(refused([](ByteWriter& w) { w.u8(0x02).be24(0).be24(4).u8(1).le32(0).be32(0x80000000); }) ==
        "Set Chunk Size: no size that a chunk can have");
  CHECK(refused([](ByteWriter& w) {
          w.u8(0x03).be24(0).be24(200).u8(8).le32(1).zeros(128).u8(0x03).be24(0).be24(1).u8(8).le32(1).u8(0);
        }) == "chunk stream 3: a message begins inside another");
  CHECK(refused([](ByteWriter& w) { w.u8(0x03).be24(0).be24(1001).u8(8).le32(1); }, {1000, 5000, 4}) ==
        "a message of 1001 bytes; 1000 are allowed");
  CHECK(refused(
            [](ByteWriter& w) {
              for (std::uint8_t id = 3; id < 9; ++id) w.u8(id).be24(0).be24(900).u8(8).le32(1).zeros(128);
            },
            {1000, 2000, 9}) == "unfinished messages of more than 2000 bytes");
  CHECK(refused(
            [](ByteWriter& w) {
              for (std::uint8_t id = 3; id < 9; ++id) w.u8(id).be24(0).be24(1).u8(8).le32(1).u8(0);
            },
            {1000, 2000, 4}) == "more than 4 chunk streams");
}

TEST_CASE("whatever is written is read, with any sizes, times and chunk streams") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random(seed);
    ChunkWriter writer;
    Bytes out;
    std::vector<Seen> expected;
    std::uint32_t time = static_cast<std::uint32_t>(random.u64());
    for (int i = 0; i < 60; ++i) {
      if (random.below(8) == 0) {
        const auto size = static_cast<std::uint32_t>(1 + random.below(300));
        writer.set_chunk_size(out, size);
        Bytes payload;
        ByteWriter(payload).be32(size);
        expected.push_back({0, 2, 0, 1, hex(payload)});
      }
      constexpr std::uint32_t ids[] = {3, 4, 63, 64, 319, 320, 65'599};
      constexpr std::uint32_t steps[] = {0, 23, 0xfffffe, 0xffffff, 0x1000000, 0x90000000};
      const std::uint32_t id = ids[random.below(7)], stream = static_cast<std::uint32_t>(random.below(3));
      time += steps[random.below(6)];
      const Bytes payload = pattern(random.below(4) == 0 ? random.below(700) : 40, static_cast<std::uint8_t>(i));
      writer.write(out, MessageType::video, id, stream, time, payload);
      expected.push_back({time, id, stream, 9, hex(payload)});
    }
    CHECK(read_anyhow(out) == expected);
  }
}
