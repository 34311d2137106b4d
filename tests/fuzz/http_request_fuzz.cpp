// rooms: http
// The first byte chooses how the rest is cut; whatever the cuts, the outcome must be the same.
#include <cstdint>
#include <cstdlib>

#include "http/request_parser.hpp"

using namespace sluice;
using namespace sluice::http;

namespace {

struct Seen {
  int refused = 0;
  std::string text;
  bool operator==(const Seen&) const = default;
};

Seen read(ByteView bytes, std::size_t piece) {
  static const Limits limits{.header_bytes = 2048, .body_bytes = 4096};
  RequestParser parser(limits);
  Seen seen;
  while (!bytes.empty()) {
    auto cut = bytes.first(std::min(piece, bytes.size()));
    auto taken = parser.feed(cut);
    if (!taken) {
      seen.refused = taken.error().status;
      return seen;
    }
    if (*taken > cut.size() || (*taken == 0 && !parser.done())) std::abort();
    bytes = bytes.subspan(*taken);
    if (!parser.done()) continue;
    const auto& request = parser.request();
    if (!request.path.starts_with('/') || request.body.size() > limits.body_bytes) std::abort();
    seen.text += request.method + request.path + request.body + "\n";
    parser.reset();
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  auto whole = read(bytes.subspan(1), size), pieces = read(bytes.subspan(1), 1 + data[0] % 16);
  // Pieces may be refused for a size or a first byte before the rest of a bad head has come: the status may differ, not the fact.
  if ((whole.refused != 0) != (pieces.refused != 0) || whole.text != pieces.text) std::abort();
  return 0;
}
