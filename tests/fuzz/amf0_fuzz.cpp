// rooms: rtmp
// AMF 0, with AMF 3 inside: whatever is read must be written and read again as the same.
#include <cstdlib>

#include "rtmp/amf0.hpp"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto values = rtmp::amf::read_amf0(std::as_bytes(std::span(data, size)));
  if (!values) return 0;
  Bytes written;
  for (const auto& value : *values) rtmp::amf::write_amf0(written, value);
  const auto again = rtmp::amf::read_amf0(written, {.depth = 64, .values = 1u << 20});
  if (!again || again->size() != values->size()) std::abort();
  Bytes twice;
  for (const auto& value : *again) rtmp::amf::write_amf0(twice, value);
  if (twice != written) std::abort();
  return 0;
}
