// rooms: http
// A client's frames, compressed or not as was agreed on, cut at a place that the input chooses: no crash, bounded messages, and the same events
// as uncut.
#include <cstdint>
#include <cstdlib>

#include "http/websocket.hpp"

using namespace sluice;
using namespace sluice::http;

namespace {
constexpr std::size_t limit = 300;

struct Recorder : FrameParser::Handler {
  std::string log;
  void note(char kind, std::string_view what) {
    if (what.size() > limit) std::abort();
    (log += kind) += what;
  }
  void on_text(std::string_view message) override {
    if (!is_utf8(message)) std::abort();
    note('t', message);
  }
  void on_binary(ByteView message) override { note('b', as_text(message)); }
  void on_ping(ByteView payload) override { note('i', as_text(payload)); }
  void on_pong(ByteView payload) override { note('o', as_text(payload)); }
  void on_close(std::uint16_t code, std::string_view reason) override {
    note('c', std::to_string(code) + std::string(reason));
  }
};

void feed(FrameParser& parser, ByteView bytes, Recorder& recorder) {
  if (const auto fault = parser.feed(bytes, recorder))
    recorder.log += "!" + std::to_string(static_cast<int>(fault->code));
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  const std::size_t cut = input.empty() ? 0 : (data[0] & 0x7f) % (input.size() + 1);
  const bool deflate = (data[0] & 0x80) != 0;
  FrameParser whole({limit, deflate}), pieces({limit, deflate});
  Recorder expected, got;
  feed(whole, input, expected);
  feed(pieces, input.first(cut), got);
  feed(pieces, input.subspan(cut), got);
  if (expected.log != got.log) std::abort();
  return 0;
}
