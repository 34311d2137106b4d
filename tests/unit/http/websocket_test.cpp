#include "http/websocket.hpp"

#include <map>

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "unit/irc/split.hpp"
#include "unit/masked_frame.hpp"

using namespace sluice;
using namespace sluice::http;

namespace {
struct Recorder : FrameParser::Handler {
  std::string log;
  void on_text(std::string_view m) override { log += "text(" + std::string(m) + ")"; }
  void on_binary(ByteView m) override { log += "binary(" + hex(m) + ")"; }
  void on_ping(ByteView p) override { log += "ping(" + std::string(as_text(p)) + ")"; }
  void on_pong(ByteView p) override { log += "pong(" + std::string(as_text(p)) + ")"; }
  void on_close(std::uint16_t code, std::string_view reason) override {
    log += "close(" + std::to_string(code) + " " + std::string(reason) + ")";
  }
};

std::string parse(const std::vector<std::string_view>& pieces, std::size_t limit = 1000) {
  FrameParser parser({limit});
  Recorder recorder;
  for (std::string_view piece : pieces)
    if (const auto fault = parser.feed(as_bytes(piece), recorder))
      recorder.log += "!" + std::to_string(static_cast<int>(fault->code));
  return recorder.log;
}
std::string parse(std::string_view input, std::size_t limit = 1000) {
  return parse(std::vector{input}, limit);
}

const std::string long_text(300, 'x');
}  // namespace

TEST_CASE("the handshake of RFC 6455 section 1.3") {
  CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("a handshake is checked") {
  std::map<std::string, std::string> headers{{"Upgrade", "WebSocket"},
                                             {"Connection", "keep-alive, Upgrade"},
                                             {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                                             {"Sec-WebSocket-Version", "13"},
                                             {"Sec-WebSocket-Protocol", "json, irc"}};
  const auto header = [&](const char* name) { return std::string_view(headers[name]); };
  const auto offer = read_websocket_offer(header);
  REQUIRE(offer);
  CHECK(offer->accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(offer->protocols == std::vector<std::string>{"json", "irc"});
  headers["Sec-WebSocket-Version"] = "8";
  CHECK(read_websocket_offer(header).error().code == Errc::usage);
  headers["Sec-WebSocket-Version"] = "13";
  for (const char* key :
       {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25j!Q==", "dGhlIHNhbXBsZSBub25jZXh4eHg="}) {
    headers["Sec-WebSocket-Key"] = key;
    CHECK(read_websocket_offer(header).error().code == Errc::invalid);
  }
  headers["Connection"] = "close";
  CHECK_FALSE(read_websocket_offer(header));
}

TEST_CASE("the frames of RFC 6455 section 5.7") {
  CHECK(parse(std::string_view("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11)) == "text(Hello)");
  CHECK(as_text(*text_frame("Hello")) == std::string_view("\x81\x05Hello"));
  CHECK(as_text(*text_frame(std::string(256, 'a'))).substr(0, 4) == std::string_view("\x81\x7e\x01\x00", 4));
  CHECK(as_text(*text_frame(std::string(65536, 'a'))).substr(0, 10) ==
        std::string_view("\x81\x7f\0\0\0\0\0\x01\0\0", 10));
  CHECK(as_text(close_frame(CloseCode::service_restart, "bye")) == std::string_view("\x88\x05\x03\xf4"
                                                                                    "bye"));
}

TEST_CASE("good frames become messages, whatever they are made of") {
  CHECK(parse(masked_frame(0x81, "")) == "text()");
  CHECK(parse(masked_frame(0x82, "\x01\x02")) == "binary(0102)");
  CHECK(parse(masked_frame(0x81, long_text)) == "text(" + long_text + ")");
  CHECK(parse(masked_frame(0x01, "Hel") + masked_frame(0x89, "p") + masked_frame(0x00, "l") +
              masked_frame(0x8a, "q") + masked_frame(0x80, "o")) == "ping(p)pong(q)text(Hello)");
  CHECK(parse(masked_frame(0x01, "") + masked_frame(0x00, "") + masked_frame(0x80, "")) == "text()");
  CHECK(parse(masked_frame(0x01, "\xc3") + masked_frame(0x80, "\xa9")) ==
        "text(\xc3\xa9)");  // a character across fragments
  CHECK(parse(masked_frame(0x89, std::string(125, 'p'))) == "ping(" + std::string(125, 'p') + ")");
  CHECK(parse(masked_frame(0x88,
                           "\x03\xe8"
                           "bye") +
              masked_frame(0x81, "late")) == "close(1000 bye)");
  CHECK(parse(masked_frame(0x88, "")) == "close(1005 )");
  CHECK(parse(masked_frame(0x88, "\x0f\xa0")) == "close(4000 )");
  CHECK(parse(masked_frame(0x81, "a", std::string_view("\0\0\0\0", 4))) == "text(a)");
}

TEST_CASE("hostile frames are refused with the code RFC 6455 names") {
  const std::string big126 =
      std::string("\x81\xfe\x00\x7d", 4) + "\x11\x22\x33\x44";  // 125 in the 16-bit form
  const std::string big127 =
      std::string("\x81\xff\0\0\0\0\0\0\xff\xff", 10) + "\x11\x22\x33\x44";  // 65535 in the 64-bit form
  const std::string top_bit = std::string("\x82\xff\x80\0\0\0\0\0\0\0", 10) + "\x11\x22\x33\x44";
  const std::string huge = std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10) + "\x11\x22\x33\x44";
  struct Case {
    std::string name, input, output;
  };
  std::vector<Case> cases{
      {"unmasked text", "\x81\x02hi", "!1002"},
      {"unmasked ping", std::string("\x89\x00", 2), "!1002"},
      {"RSV1 without an extension", masked_frame(0xc1, "a"), "!1002"},
      {"RSV2", masked_frame(0xa1, "a"), "!1002"},
      {"RSV3", masked_frame(0x91, "a"), "!1002"},
      {"RSV1 on a control frame", masked_frame(0xc9, ""), "!1002"},
      {"fragmented ping", masked_frame(0x09, "a"), "!1002"},
      {"fragmented pong", masked_frame(0x0a, "a"), "!1002"},
      {"fragmented close", masked_frame(0x08, "\x03\xe8"), "!1002"},
      {"ping over 125 bytes", masked_frame(0x89, std::string(126, 'p')), "!1002"},
      {"close over 125 bytes", masked_frame(0x88, "\x03\xe8" + std::string(124, 'p')), "!1002"},
      {"continuation of nothing", masked_frame(0x80, "a"), "!1002"},
      {"continuation of nothing, not final", masked_frame(0x00, "a"), "!1002"},
      {"continuation after a whole message", masked_frame(0x81, "a") + masked_frame(0x80, "b"),
       "text(a)!1002"},
      {"text inside a fragmented text", masked_frame(0x01, "a") + masked_frame(0x81, "b"), "!1002"},
      {"binary inside a fragmented text", masked_frame(0x01, "a") + masked_frame(0x02, "b"), "!1002"},
      {"close with one byte", masked_frame(0x88, "\x03"), "!1002"},
      {"half a character at the end", masked_frame(0x81, "\xc3"), "!1007"},
      {"half a character at the end of the fragments",
       masked_frame(0x01, "a") + masked_frame(0x80, "\xe2\x82"), "!1007"},
      {"overlong form", masked_frame(0x81, "\xc0\xaf"), "!1007"},
      {"overlong form of three", masked_frame(0x81, "\xe0\x80\xaf"), "!1007"},
      {"surrogate", masked_frame(0x81, "\xed\xa0\x80"), "!1007"},
      {"past U+10FFFF", masked_frame(0x81, "\xf4\x90\x80\x80"), "!1007"},
      {"five-byte form", masked_frame(0x81, "\xf8\x88\x80\x80\x80"), "!1007"},
      {"lone continuation byte", masked_frame(0x81, "\x80"), "!1007"},
      {"broken text in a first fragment", masked_frame(0x01, "\xff"), "!1007"},
      {"close reason is not UTF-8", masked_frame(0x88, "\x03\xe8\xff"), "!1007"},
      {"text over the limit", masked_frame(0x81, std::string(1001, 'a')), "!1009"},
      {"fragments over the limit",
       masked_frame(0x01, std::string(600, 'a')) + masked_frame(0x80, std::string(401, 'a')), "!1009"},
      {"16-bit length of 125", big126, "!1002"},
      {"64-bit length of 65535", big127, "!1002"},
      {"64-bit length with the top bit", top_bit, "!1002"},
      {"nearly endless frame", huge, "!1009"},
  };
  for (unsigned opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    cases.push_back({"opcode " + std::to_string(opcode), masked_frame(0x80 | opcode, ""), "!1002"});
  for (unsigned code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
    cases.push_back(
        {"close code " + std::to_string(code),
         masked_frame(0x88, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)}),
         "!1002"});
  for (const Case& hostile : cases) {
    CAPTURE(hostile.name);
    CHECK(parse(hostile.input) == hostile.output);
    CHECK(first_difference(hostile.input, [](auto pieces) { return parse(pieces); }) == hostile.output);
    CHECK(parse(hostile.input + masked_frame(0x81, "after")) ==
          hostile.output);  // nothing is read after a fault
  }
}

TEST_CASE("frames are the same wherever the bytes are cut") {
  const std::string input = masked_frame(0x81, "one") + masked_frame(0x01, "t\xc3\xa9") +
                            masked_frame(0x89, "ping") + masked_frame(0x80, "wo") +
                            masked_frame(0x82, long_text) + masked_frame(0x88, "\x03\xe9gone");
  CHECK(first_difference(input, [](auto pieces) { return parse(pieces); }) ==
        "text(one)ping(ping)text(t\xc3\xa9wo)binary(" + hex(as_bytes(long_text)) + ")close(1001 gone)");
}
