#include "http/deflate.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "http/websocket.hpp"

using namespace sluice;
using namespace sluice::http;

namespace {
constexpr std::size_t no_limit = 1 << 24;
const std::string plain_answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

Bytes hex_bytes(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}
std::string unpacked(ByteView payload, std::size_t limit = no_limit) {
  const auto message = inflate_message(payload, limit);
  if (message) return std::string(as_text(*message));
  return message.error() == InflateFault::too_big ? "!too big" : "!damaged";
}

// A client's frame.
Bytes frame(unsigned first, ByteView payload) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(first);
  if (payload.size() < 126) {
    writer.u8(0x80 | payload.size());
  } else {
    writer.u8(0x80 | 126).be16(payload.size());
  }
  writer.text("mask");
  for (std::size_t i = 0; i < payload.size(); ++i)
    out.push_back(payload[i] ^ static_cast<std::byte>("mask"[i % 4]));
  return out;
}

struct Recorder : FrameParser::Handler {
  std::string log;
  void on_text(std::string_view m) override { log += "text(" + std::string(m) + ")"; }
  void on_binary(ByteView m) override { log += "binary(" + std::to_string(m.size()) + ")"; }
  void on_ping(ByteView p) override { log += "ping(" + std::string(as_text(p)) + ")"; }
  void on_pong(ByteView) override {}
  void on_close(std::uint16_t, std::string_view) override {}
};
// What a parser says of the frames, cut into pieces of `step` bytes.
std::string parse(std::initializer_list<Bytes> frames, std::size_t step = no_limit, bool deflate = true) {
  Bytes input;
  for (const Bytes& one : frames) append(input, one);
  FrameParser parser({1000, deflate});
  Recorder recorder;
  for (std::size_t at = 0; at < input.size(); at += step)
    if (const auto fault =
            parser.feed(ByteView(input).subspan(at, std::min(step, input.size() - at)), recorder))
      recorder.log += "!" + std::to_string(static_cast<int>(fault->code));
  return recorder.log;
}
Bytes pack(std::string_view text) {
  return deflate_message(as_bytes(text));
}
}  // namespace

TEST_CASE("an offer is met where it can be, else the next, else none") {
  const auto answer = [](std::string_view offers) { return accept_deflate(offers).value_or("none"); };
  CHECK(answer("permessage-deflate") == plain_answer);
  CHECK(answer("permessage-deflate; client_max_window_bits") == plain_answer);  // Chromium's, and ws'
  CHECK(answer(" permessage-deflate ;client_max_window_bits = \"10\" ; server_no_context_takeover") ==
        plain_answer);
  CHECK(answer("x-webkit-deflate-frame, permessage-deflate") == plain_answer);
  CHECK(answer("permessage-deflate; server_max_window_bits=15") ==
        plain_answer + "; server_max_window_bits=13");
  CHECK(answer("permessage-deflate; server_max_window_bits=13") ==
        plain_answer + "; server_max_window_bits=13");
  CHECK(answer("permessage-deflate; server_max_window_bits=10, permessage-deflate") == plain_answer);
  for (const char* refused :
       {"", ",", ";", "deflate-frame", "permessage-deflate; server_max_window_bits=12",
        "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=015",
        "permessage-deflate; client_max_window_bits=7", "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; client_max_window_bits=\"", "permessage-deflate; client_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; mystery", "permessage-deflate;"}) {
    CAPTURE(refused);
    CHECK(answer(refused) == "none");
  }
}

TEST_CASE("the examples of RFC 7692, 7.2.3, are unpacked") {
  CHECK(unpacked(hex_bytes("f248cdc9c90700")) == "Hello");
  CHECK(unpacked(hex_bytes("000500faff48656c6c6f00")) == "Hello");      // not compressed
  CHECK(unpacked(hex_bytes("f348cdc9c9070000")) == "Hello");            // a last block, and an empty one
  CHECK(unpacked(hex_bytes("f24805000000ffffcac9c90700")) == "Hello");  // two blocks
}

TEST_CASE("what is packed is unpacked again, each message by itself") {
  SeededRandom random(9);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    const std::size_t size = random.below(round < 100 ? 20 : 40'000);
    const std::uint64_t letters = 1 + random.below(round % 2 ? 4 : 256);
    while (text.size() < size) text += static_cast<char>(random.below(letters));
    const Bytes packed = pack(text);
    CHECK(unpacked(packed) == text);
    CHECK(unpacked(packed, text.size()) == text);
    if (!text.empty()) CHECK(unpacked(packed, text.size() - 1) == "!too big");
  }
}

TEST_CASE("a bomb is not unpacked past the limit") {
  const Bytes bomb = pack(std::string(10'000'000, 'x'));
  CHECK(bomb.size() < 20'000);
  CHECK(unpacked(bomb, 16 * 1024) == "!too big");
  CHECK(unpacked(bomb).size() == 10'000'000);
}

TEST_CASE("what is damaged is not taken, and the next message is") {
  const Bytes good = pack("a line that is long enough to be packed, packed, packed");
  for (std::size_t size = 1; size < good.size(); ++size)
    CHECK(unpacked(ByteView(good).first(size)) == "!damaged");
  CHECK(unpacked({}) == "!damaged");
  CHECK(unpacked(hex_bytes("ffffffff")) == "!damaged");
  CHECK(unpacked(hex_bytes("000a00f5ff48656c6c6f")) == "!damaged");  // ten bytes told, five there
  CHECK(unpacked(hex_bytes("06")) == "!damaged");  // a block of the reserved kind
  CHECK(unpacked(good) == "a line that is long enough to be packed, packed, packed");
  SeededRandom random(4);
  for (int round = 0; round < 2000; ++round) {  // whatever comes of it, within the limit
    Bytes bad = good;
    for (std::uint64_t hits = 1 + random.below(3); hits > 0; --hits)
      bad[random.below(bad.size())] = static_cast<std::byte>(random.below(256));
    const auto message = inflate_message(bad, 100);
    CHECK((!message || message->size() <= 100));
  }
}

TEST_CASE("a frame is compressed where that makes it smaller") {
  Bytes out;
  append_deflated_text_frame(out, "short");
  CHECK(out == Bytes(*text_frame("short")));
  out.clear();
  append_deflated_text_frame(out, std::string(200, 'x'));
  CHECK(static_cast<unsigned>(out[0]) == 0xc1);
  CHECK(unpacked(ByteView(out).subspan(2)) == std::string(200, 'x'));
  CHECK(out.size() < 20);
  std::string noise;
  SeededRandom random(2);
  while (noise.size() < 300) noise += static_cast<char>(random.below(256));
  out.clear();
  append_deflated_text_frame(out, noise);
  CHECK(out == Bytes(*text_frame(noise)));
}

TEST_CASE("compressed messages are read, wherever they are cut, beside others") {
  const std::size_t step = GENERATE(as<std::size_t>(), no_limit, 1, 3);
  const Bytes packed = pack("hello hello hello");
  const ByteView half = ByteView(packed).first(5);
  CHECK(parse({frame(0xc1, packed), frame(0x81, as_bytes("plain")), frame(0xc2, packed)}, step) ==
        "text(hello hello hello)text(plain)binary(17)");
  CHECK(parse({frame(0x41, half), frame(0x89, as_bytes("now")), frame(0x00, ByteView(packed).subspan(5)),
               frame(0x80, {})},
              step) == "ping(now)text(hello hello hello)");
  CHECK(parse({frame(0xc1, pack("\xff is not UTF-8 \xff"))}, step) == "!1007");
  CHECK(parse({frame(0xc1, pack("cut inside \xf0\x9f\x98"))}, step) == "!1007");
  CHECK(parse({frame(0xc1, pack(std::string(1000, 'x')))}, step) == "text(" + std::string(1000, 'x') + ")");
  CHECK(parse({frame(0xc1, pack(std::string(1001, 'x')))}, step) == "!1009");
  CHECK(parse({frame(0xc1, half)}, step) == "!1007");
  CHECK(parse({frame(0xc1, {})}, step) == "!1007");
}

TEST_CASE("what does not shrink may be as long as what is sent as it is") {
  std::string noise;
  SeededRandom random(2);
  while (noise.size() < 1000) noise += static_cast<char>(random.below(128));
  Bytes stored = hex_bytes("00e80317fc");  // a block that is not compressed, of 1000 bytes
  append(stored, as_bytes(noise));
  stored.push_back(std::byte{0});
  CHECK(parse({frame(0xc1, stored)}) == "text(" + noise + ")");
  CHECK(parse({frame(0xc1, Bytes(1200))}) == "!1009");  // refused by its length, before it comes
}

TEST_CASE("reserved bits stay errors where nothing was agreed on, and on what begins no message") {
  const Bytes packed = pack("hello hello hello");
  CHECK(parse({frame(0xc1, packed)}, no_limit, false) == "!1002");
  CHECK(parse({frame(0x41, packed), frame(0xc0, {})}) == "!1002");
  CHECK(parse({frame(0xc9, {})}) == "!1002");
  CHECK(parse({frame(0xc8, {})}) == "!1002");
  CHECK(parse({frame(0xa1, packed)}) == "!1002");
  CHECK(parse({frame(0xd1, packed)}) == "!1002");
}
