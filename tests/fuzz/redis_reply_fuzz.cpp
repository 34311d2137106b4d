// rooms: redis
// A Redis server's bytes, cut where the input says: no crash, bounded memory, the same replies as uncut; and a Redis URL.
#include <cstdint>
#include <cstdlib>

#include "redis/reply.hpp"
#include "redis/url.hpp"

using namespace sluice;
using namespace sluice::redis;

namespace {
std::string shown(const Reply& reply) {
  std::string out = std::to_string(static_cast<int>(reply.kind)) + reply.text + std::to_string(reply.integer) + "(";
  for (const Reply& item : reply.items) out += shown(item);
  return out + ")";
}

std::string read(std::initializer_list<ByteView> pieces) {
  ReplyReader reader({.bytes = 1 << 16, .elements = 1000});
  std::string log;
  for (const ByteView piece : pieces) {
    if (!reader.feed(piece)) return log + "!";
    for (;;) {
      auto reply = reader.next();
      if (!reply) return log + "!";
      if (!*reply) break;
      log += shown(**reply);
    }
  }
  return log;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 1 << 15) return 0;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  const std::size_t cut = input.empty() ? 0 : data[0] % (input.size() + 1);
  if (read({input}) != read({input.first(cut), input.subspan(cut)})) std::abort();
  const auto url = parse_url(as_text(input));
  if (url && !parse_url(url->text())) std::abort();
  if (!url && url.error().code != Errc::config) std::abort();
  return 0;
}
