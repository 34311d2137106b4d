// rooms: chat http
// Pages that send anything in any order: in whole, and in pieces of a WebSocket's frames.
#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "chat/json_object.hpp"
#include "http/websocket.hpp"
#include "unit/chat/hostile.hpp"
#include "unit/chat/page_world.hpp"
#include "unit/masked_frame.hpp"

using namespace sluice;
using namespace sluice::chat;

namespace {
class Sender {
 public:
  explicit Sender(std::uint64_t seed) : random_(seed), any_(seed) {}

  std::vector<std::string> lines(std::size_t many) {
    std::vector<std::string> some;
    for (std::size_t i = 0; i < many; ++i) some.push_back(line());
    return some;
  }
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

 private:
  std::string one_of(const std::vector<std::string>& all) { return all[below(all.size())]; }
  std::string channel() { return one_of({"demo", "demo", "DEMO", "other", "nowhere", "#demo", ""}); }
  std::string text() {
    return one_of({"hello", "hold this", "block this", "wait for me", "/w bob psst", "/w nobody x", "/mods",
                   "/ban bob", "/clear", "/me waves", "/dance", "/color red", any_.text()});
  }
  std::string line() {
    switch (below(12)) {
      case 0:
        return std::string("~") + "stgrwfa"[below(7)];
      case 1:
        return R"({"type":"auth","ticket":")" + one_of({"k7", "k8", "k9", "kx"}) + "\"}";
      case 2:
        return R"({"type":"join","channel":")" + channel() + R"(","history":)" +
               one_of({"0", "5", "100", "101", "-1", "\"x\""}) + "}";
      case 3:
        return R"({"type":"join","channel":"demo",)" +
               one_of({R"("after":{"o1":1})", R"("cursor":{"o1":2,"o2":7})", R"("cursor":{})",
                       R"("after":[])"}) +
               "}";
      case 4:
        return R"({"type":"leave","channel":")" + channel() + "\"}";
      case 5:
        return R"({"type":"rule","channel":")" + channel() + R"(","id":"h1","key":"r","verdict":")" +
               one_of({"allow", "deny", "perhaps"}) + "\"}";
      case 6:
        return R"({"type":"queue","channel":")" + channel() + "\"}";
      case 7:
        return R"({"type":"ping","id":)" + one_of({"1", "\"x\"", "[null,{\"a\":1e9}]", "[[["}) + "}";
      case 8:
        return one_of({"", "{}", "[]", "null", R"({"type":7,"key":"k"})", R"({"type":"message","key":"k"})",
                       "{\"type\":\"message\""});
      default: {
        std::string out;
        write_message(out);
        return out;
      }
    }
  }

  void write_message(std::string& out) {
    JsonObject object(out);
    object.text("type", "message").text("channel", channel()).text("text", text());
    object.text("key", one_of({"a", "b", "c", any_.text()}));
    if (below(8) == 0) object.text("reply_to", any_.text());
    if (below(8) == 0) object.boolean("anonymous", true);
  }

  SeededRandom random_;
  Hostile any_;
};

// As a browser may send a message: in several masked frames, with a ping between two.
std::string in_frames(std::string_view message, Sender& sender) {
  const auto frame = [](unsigned first, std::string_view payload) {
    return masked_frame(first, payload, "\x5a\x01\xfe\x80");
  };
  std::string out;
  for (bool first = true;; first = false) {
    const std::size_t size = sender.below(message.size() + 1);
    const bool last = size == message.size();
    out += frame((last ? 0x80U : 0U) | (first ? 1U : 0U), message.substr(0, size));
    if (last) return out;
    message.remove_prefix(size);
    if (sender.below(4) == 0) out += frame(0x89, "p");
  }
}

struct Door : http::FrameParser::Handler {
  JsonPeer& page;
  explicit Door(JsonPeer& of) : page(of) {}
  void on_text(std::string_view message) override { page.client->receive(as_bytes(message)); }
  void on_binary(ByteView) override {}
  void on_ping(ByteView) override {}
  void on_pong(ByteView) override {}
  void on_close(std::uint16_t, std::string_view) override {}
};
}  // namespace

TEST_CASE("a page that sends anything is answered, and nobody gets what is no line or object") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Sender sender(seed);
    const auto before = static_cast<std::uint8_t>(sender.below(64));
    const std::vector<std::string> lines = sender.lines(sender.below(60));
    INFO("seed " << seed);
    CHECK_NOTHROW(survive(before, std::vector<std::string_view>(lines.begin(), lines.end())));
  }
}

TEST_CASE("a page's frames may be cut anywhere") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Sender sender(seed);
    TestHall one, another;
    JsonPeer whole(one), cut(another);
    std::string bytes;
    for (const std::string& line : sender.lines(30)) {
      if (line.starts_with('~')) continue;
      whole.client->receive(as_bytes(line));
      bytes += in_frames(line, sender);
    }
    http::FrameParser parser;
    Door door(cut);
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::string_view piece = rest.substr(0, 1 + sender.below(40));
      REQUIRE_FALSE(parser.feed(as_bytes(piece), door));
      rest.remove_prefix(piece.size());
    }
    INFO("seed " << seed);
    CHECK(cut.outlet.sent == whole.outlet.sent);
  }
}
