// rooms: hls base
#include <cstdint>

#include "hls/mp4_reader.hpp"

// The input is a header and, behind it, a segment; either may be missing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const ByteView all(reinterpret_cast<const std::byte*>(data), size);
  hls::Mp4Header header{{{1, 90000, "vide", "avc1", 3000, 10, 0}}};
  if (auto read = hls::read_mp4_header(all)) header = *std::move(read);
  const auto fragments = hls::read_mp4_fragments(all, header);
  if (!fragments) return 0;
  for (const auto& fragment : *fragments) {
    for (const auto& sample : fragment.samples) {
      if (sample.offset > size || sample.size > size - sample.offset) __builtin_trap();
    }
  }
  return 0;
}
