// rooms: hls
// Any bytes as a CMAF chunk.
#include "hls/cmaf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const sluice::ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto chunk = sluice::hls::parse_cmaf_chunk(bytes);
  if (chunk && (chunk->bytes > size || chunk->data_offset > chunk->bytes)) __builtin_trap();
  return 0;
}
