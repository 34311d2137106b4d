// A session saved at any byte goes on in another object as if nothing had been.
#include <catch2/catch.hpp>

#include "rtmp/chunk_reader.hpp"
#include "snapshots.hpp"
#include "unit/rtmp/sessions.hpp"

using namespace sluice;
using sluice::test::restored;
using sluice::test::saved;
using namespace sluice::rtmp;
using namespace sluice::rtmp::test;

namespace {

ServerSession moved(const ServerSession& session, Random& random) {
  ServerSession next(start, random);
  REQUIRE(restored(saved(session), next));
  return next;
}

struct Said {
  std::vector<std::string> events;
  Bytes output;
  bool operator==(const Said&) const = default;
};

void feed(ServerSession& session, ByteView input, Said& said) {
  session.receive(input, start);
  while (auto event = session.next_event()) {
    said.events.push_back(line(*event));
    if (std::holds_alternative<ConnectRequest>(*event) || std::holds_alternative<PublishRequest>(*event)) session.accept();
  }
}

// `taken`: what is sent is taken before the cut; else it is for the successor to send.
Said cut_at(ByteView input, std::size_t at, bool taken) {
  Said said;
  SeededRandom random(1);
  ServerSession session(start, random);
  feed(session, input.first(at), said);
  if (taken) append(said.output, session.take_output());
  ServerSession next = moved(session, random);
  CHECK(next.publishing() == session.publishing());
  CHECK(next.held() == session.held());
  CHECK(next.bytes_received() == session.bytes_received());
  CHECK(next.deadline() == session.deadline());
  feed(next, input.subspan(at), said);
  append(said.output, next.take_output());
  return said;
}

// What a publisher sends in all.
Bytes sent(ClientConfig config = publisher_config()) {
  Pair pair(std::move(config));
  broadcast(pair);
  REQUIRE(pair.seen.size() == 12);
  return pair.sent;
}

// Two messages at once on chunk streams 4 and 6, in chunks of 128 bytes, the first with an extended timestamp.
Bytes interleaved() {
  Bytes bytes;
  ByteWriter w(bytes);
  w.u8(4).be24(0xff'ffff).be24(300).u8(9).le32(1).be32(0x01000000).bytes(media_bytes(128, 1));
  w.u8(6).be24(5).be24(200).u8(8).le32(1).bytes(media_bytes(128, 2));
  w.u8(0xc4).be32(0x01000000).bytes(media_bytes(128, 3));
  w.u8(0xc6).bytes(media_bytes(72, 4));
  w.u8(0xc4).be32(0x01000000).bytes(media_bytes(44, 5));
  w.u8(0xc6).bytes(media_bytes(128, 6)).u8(0xc6).bytes(media_bytes(72, 7));
  return bytes;
}

}  // namespace

TEST_CASE("a session may be moved at any byte: events and answers are the same") {
  for (const std::uint32_t chunk_size : {128u, 65'536u}) {
    ClientConfig config = publisher_config();
    config.chunk_size = chunk_size;
    const Bytes input = sent(config);
    const Said whole = cut_at(input, 0, true);
    REQUIRE(whole.events.size() >= 11);
    for (std::size_t at = 1; at <= input.size(); ++at) {
      REQUIRE(cut_at(input, at, true) == whole);
      REQUIRE(cut_at(input, at, false) == whole);
    }
  }
}

TEST_CASE("half messages of several chunk streams move") {
  const Bytes input = interleaved();
  const auto messages = [&](std::size_t cut) {
    std::string said;
    ChunkReader reader;
    const auto read = [&](ByteView part) {
      for (;;) {
        auto message = reader.next(part);
        REQUIRE(message);
        if (!*message) return;
        said += std::to_string((*message)->timestamp) + " " + hex((*message)->payload.bytes) + "\n";
      }
    };
    read(ByteView(input).first(cut));
    const Bytes bytes = saved(reader);
    reader = ChunkReader();
    REQUIRE(restored(bytes, reader));
    read(ByteView(input).subspan(cut));
    return said;
  };
  const std::string whole = messages(0);
  REQUIRE(std::ranges::count(whole, '\n') == 3);
  for (std::size_t cut = 1; cut <= input.size(); ++cut) REQUIRE(messages(cut) == whole);
}

TEST_CASE("what waits for an answer waits for it in the successor") {
  const Bytes input = sent();
  SeededRandom random(1);
  ServerSession session(start, random);
  session.receive(input, start);
  std::vector<std::string> seen;
  while (auto event = session.next_event()) seen.push_back(line(*event));
  REQUIRE(seen.size() == 1);
  ServerSession next = moved(session, random);
  CHECK_FALSE(next.wants_input());
  next.accept();
  const auto publish = next.next_event();
  REQUIRE(publish);
  CHECK(std::holds_alternative<PublishRequest>(*publish));
}

TEST_CASE("a torn session is refused and lets nothing happen") {
  const Bytes input = sent();
  Said said;
  SeededRandom random(1);
  ServerSession session(start, random);
  feed(session, ByteView(input).first(input.size() * 2 / 3), said);
  const Bytes bytes = saved(session);
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    ServerSession next(start, random);
    REQUIRE_FALSE(restored(ByteView(bytes).first(size), next));
    next.receive(input, start);
    CHECK(next.finished());
    CHECK_FALSE(next.next_event());
  }
}
