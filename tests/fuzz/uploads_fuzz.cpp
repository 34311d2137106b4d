// rooms: hls
// Any bytes as a record of uploads: whole or in two pieces, belief is the same, and what is believed is written back as it was.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "hls/record_line.hpp"
#include "hls/uploads.hpp"

using namespace sluice;
using namespace sluice::hls;

namespace {

void believe(ByteView bytes) {
  Uploads whole, pieces;
  const std::size_t believed = whole.feed(bytes);
  const std::size_t first = pieces.feed(bytes.first(bytes.size() / 2));
  if (first + pieces.feed(bytes.subspan(first)) != believed || whole.revision() != pieces.revision()) std::abort();
  std::string_view text = as_text(bytes.first(believed));
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const auto record = parse_upload_record(text.substr(0, newline));
    if (!record || format_upload_record(*record) != text.substr(0, newline + 1)) std::abort();
    text.remove_prefix(newline + 1);
  }
}

// The same lines with right checksums, so that what stands in them is reached.
std::string with_checksums(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    out += checked_line(std::string(line.substr(0, line.size() > 9 && line[line.size() - 9] == ' ' ? line.size() - 9 : line.size())));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  believe(bytes);
  believe(as_bytes(with_checksums(as_text(bytes))));
  return 0;
}
