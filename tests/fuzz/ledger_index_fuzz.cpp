// rooms: hls
// Any bytes as an index: whole or in two pieces, belief is the same, and what is believed is written back as
// it was.
#include <cstdlib>

#include "hls/ledger_index.hpp"

using namespace sluice;
using namespace sluice::hls;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  LedgerIndex whole;
  const std::size_t believed = whole.feed(bytes);
  LedgerIndex pieces(Keep::tail);
  const std::size_t first = pieces.feed(bytes.first(size / 2));
  const std::size_t second = pieces.feed(bytes.subspan(first));
  if (first + second != believed || whole.renditions().size() != pieces.renditions().size()) std::abort();
  std::string_view text = as_text(bytes.first(believed));
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const Result<Record> record = parse_record(text.substr(0, newline));
    if (!record || format_record(*record) != text.substr(0, newline + 1)) std::abort();
    text.remove_prefix(newline + 1);
  }
  return 0;
}
